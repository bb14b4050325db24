.PHONY: all
all:
	cmake --preset release && cmake --build build/release
