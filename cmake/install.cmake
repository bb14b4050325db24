# What `cmake --install` puts where; debian/*.install deals it out to the packages. Modules go to lib/attestd beside bin, where
# module_load looks: not below the folder of the architecture, as only one architecture's programs are installed.
include(GNUInstallDirs)

set(ATT_COMPLETIONS "${CMAKE_BINARY_DIR}/generated/completion")
add_custom_command(
  OUTPUT "${ATT_COMPLETIONS}/attestctl.bash" "${ATT_COMPLETIONS}/attestctl.zsh" "${ATT_COMPLETIONS}/attestctl.fish"
  COMMAND ${CMAKE_COMMAND} -E make_directory "${ATT_COMPLETIONS}"
  COMMAND attestctl completion bash > "${ATT_COMPLETIONS}/attestctl.bash"
  COMMAND attestctl completion zsh > "${ATT_COMPLETIONS}/attestctl.zsh"
  COMMAND attestctl completion fish > "${ATT_COMPLETIONS}/attestctl.fish"
  DEPENDS attestctl)
# Not part of `all`: made for packages. A foreign attestctl runs under CMAKE_CROSSCOMPILING_EMULATOR.
add_custom_target(completions DEPENDS "${ATT_COMPLETIONS}/attestctl.bash")
add_custom_target(installable DEPENDS attestd attestctl attest attest_shared ${ATT_MODULES} completions)

install(TARGETS attestd attestctl RUNTIME)
install(TARGETS ${ATT_MODULES} LIBRARY DESTINATION lib/attestd)
install(TARGETS attest attest_shared)
install(DIRECTORY include/attest DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
configure_file(packaging/libattest.pc.in "${CMAKE_BINARY_DIR}/generated/libattest.pc" @ONLY)
install(FILES "${CMAKE_BINARY_DIR}/generated/libattest.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")

file(GLOB pages_1 CONFIGURE_DEPENDS docs/man/*.1)
install(FILES ${pages_1} DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")
install(FILES docs/man/attestd.conf.5 DESTINATION "${CMAKE_INSTALL_MANDIR}/man5")
install(FILES docs/man/attestd.8 DESTINATION "${CMAKE_INSTALL_MANDIR}/man8")

install(FILES "${ATT_COMPLETIONS}/attestctl.bash" RENAME attestctl OPTIONAL
  DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions")
install(FILES "${ATT_COMPLETIONS}/attestctl.zsh" RENAME _attestctl OPTIONAL
  DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions")
install(FILES "${ATT_COMPLETIONS}/attestctl.fish" OPTIONAL
  DESTINATION "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d")
