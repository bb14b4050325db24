# Warnings are errors; the release preset is hardened; sanitizers and coverage are presets, not special days.
set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_C_FLAGS_DEBUG "-Og -g")
set(CMAKE_C_FLAGS_RELEASE "-O2 -g")

add_compile_definitions(_GNU_SOURCE)
add_compile_options(
  -Wall -Wextra -Werror -Wconversion -Wsign-conversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes
  -Wold-style-definition -Wimplicit-fallthrough -Wundef -Wvla -Wcast-qual -Wpointer-arith -Wwrite-strings
  -Wformat=2 -Wnull-dereference -fno-strict-aliasing -fno-common)

option(ATT_HARDEN "PIE, full RELRO, fortify, stack protector, CET" OFF)
option(ATT_SYNTAX_ONLY "diagnostics alone: no objects, nothing to link (scripts/check-clang)" OFF)
option(ATT_COVERAGE "gcov instrumentation" OFF)
option(ATT_LIBFUZZER "link fuzz targets with libFuzzer (clang)" OFF)
set(ATT_SANITIZE "" CACHE STRING "sanitizers, comma separated")

if(ATT_HARDEN)
  add_compile_options(-D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    add_compile_options(-fcf-protection=full)
  elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
    add_compile_options(-mbranch-protection=standard)
  endif()
  add_link_options(-Wl,-z,relro,-z,now,-z,noexecstack)
endif()
if(ATT_SANITIZE)
  # -g1: lines and names of functions, which is what a sanitizer reports
  add_compile_options(-g1 -fsanitize=${ATT_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${ATT_SANITIZE})
  add_compile_definitions(ATT_ARENA_DEBUG)
endif()
if(ATT_SYNTAX_ONLY)
  add_compile_options(-fsyntax-only)
  # What an archive or a module is made of is not there; some sources wait for one.
  foreach(rule ARCHIVE_CREATE ARCHIVE_APPEND ARCHIVE_FINISH CREATE_SHARED_MODULE CREATE_SHARED_LIBRARY LINK_EXECUTABLE)
    set(CMAKE_C_${rule} "true")
  endforeach()
endif()
if(ATT_COVERAGE)
  add_compile_options(--coverage)
  add_link_options(--coverage)
endif()
