# Tests of whole programs: scripts that get the programs as arguments. Each prints "cases NAME passed P ...".
function(att_system_test name script)
  if(NOT EXISTS "${CMAKE_SOURCE_DIR}/tests/${script}")
    return()
  endif()
  add_test(NAME ${name} COMMAND "${CMAKE_SOURCE_DIR}/tests/${script}" ${ARGN})
  set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 540
    ENVIRONMENT "ATTESTD_SOURCE=${CMAKE_SOURCE_DIR};ATTESTD_BUILD=${CMAKE_BINARY_DIR};ATTESTD_SANITIZE=${ATT_SANITIZE}")
endfunction()

set(bin "${CMAKE_BINARY_DIR}/bin")
att_system_test(system_cli cli/run.sh ${bin}/attestctl ${bin}/attestd)
# The library's tests of the same folders run under sanitizers, too; through the program they tell no more there.
if(NOT ATT_SANITIZE)
  att_system_test(vectors_sgx_cli vectors/dcap_cli.sh ${bin}/attestctl sgx)
  att_system_test(vectors_tdx_cli vectors/dcap_cli.sh ${bin}/attestctl tdx)
  att_system_test(vectors_sevsnp_cli vectors/sevsnp_cli.sh ${bin}/attestctl)
  att_system_test(vectors_tpm_cli vectors/tpm_cli.sh ${bin}/attestctl)
  att_system_test(vectors_cvm_cli vectors/cvm_cli.sh ${bin}/attestctl)
endif()
# The same suite, through the program: 900 starts of a process, which sanitizers make slow and tell nothing more of.
if(TARGET vectors_jmespath_test AND NOT ATT_SANITIZE)
  add_test(NAME vectors_jmespath_cli COMMAND vectors_jmespath_test ${bin}/attestctl)
  set_tests_properties(vectors_jmespath_cli PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300
    ENVIRONMENT "ATTESTD_SOURCE=${CMAKE_SOURCE_DIR};ATTESTD_BUILD=${CMAKE_BINARY_DIR}")
endif()
att_system_test(system_swtpm tpm/swtpm.sh ${bin}/attestctl ${bin}/attestd)
att_system_test(clients clients/run.sh ${bin}/attestd ${bin}/attestctl)
att_system_test(snippets clients/snippets.sh ${bin}/attestd ${bin}/attestctl)
foreach(client clients snippets)
  if(TEST ${client})
    set_tests_properties(${client} PROPERTIES LABELS clients)
  endif()
endforeach()
if(EXISTS "${CMAKE_SOURCE_DIR}/tests/scenarios/runner.c")
  add_executable(scenario_runner scenarios/runner.c)
  att_use(scenario_runner base codec)
  target_link_libraries(scenario_runner PRIVATE test_support PkgConfig::SSL PkgConfig::CRYPTO)
  file(GLOB extra CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/scenarios/runner_*.c")
  target_sources(scenario_runner PRIVATE ${extra})
  set_target_properties(scenario_runner PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
  add_dependencies(scenario_runner fake_vendor) # which it starts
  att_system_test(scenarios scenarios/run.sh ${CMAKE_BINARY_DIR}/tests/scenario_runner ${bin}/attestd ${bin}/attestctl)
endif()

# The longest first, so that none of them runs alone at the end while the other processors wait.
foreach(long scenarios unit_attest_bitflip_test system_cli contract_store_postgres unit_service_install_test
    torture_evidence_test unit_makers_breaks_test unit_makers_folder_test vectors_sgx_cli clients)
  if(TEST ${long})
    set_tests_properties(${long} PROPERTIES COST 100)
  endif()
endforeach()
