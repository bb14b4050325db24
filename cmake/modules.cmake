# Modules: layers whose library is too heavy to carry unasked (libpq, libcurl, libtss2) become lib/attestd/NAME.so in the build
# tree, loaded at run time by module_load() of src/module. In CMake:
#
#   att_module(postgres store/postgres)
#
# makes the target module_postgres (part of `all`; ${ATT_MODULES} names all such targets, for tests to depend on) of the
# layer and of all that it uses. The layer defines the one object that is exported,
#
#   ATT_API extern const struct store_backend attestd_module_postgres;      in a header, for the module's own sources
#   const struct store_backend attestd_module_postgres = { ... };           in a source of the layer
#
# and the program gets at it through a source that links no libpq:
#
#   const struct store_backend *b = module_load("postgres", "what to install when it is missing", &err);
#
# The symbol carries the program's version: a module of another release is refused instead of called. Everything else
# is local, also what libattest exports, so module and program never take each other's functions. A layer that is not in
# the table yet, or has no sources yet, makes no module.
set(ATT_MODULE_VERSION "ATTESTD_${PROJECT_VERSION}")
set(ATT_MODULES "")

function(att_module name layer)
  string(REPLACE "/" "_" id "${layer}")
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/src/${layer}/*.c")
  if(NOT layer IN_LIST ATT_LAYERS OR NOT sources)
    return()
  endif()
  set(exports "${CMAKE_BINARY_DIR}/generated/${name}.exports")
  file(CONFIGURE OUTPUT "${exports}" @ONLY CONTENT
"${ATT_MODULE_VERSION} { global: attestd_module_${name}; local: *; };
")
  add_library(module_${name} MODULE "${CMAKE_SOURCE_DIR}/cmake/empty.c")
  att_closure("${layer}" layers)
  foreach(part IN LISTS layers)
    string(REPLACE "/" "_" part_id "${part}")
    target_link_libraries(module_${name} PRIVATE layer_${part_id} ${ATT_LIBS_${part_id}})
  endforeach()
  set_target_properties(module_${name} PROPERTIES PREFIX "" OUTPUT_NAME "${name}" LINK_DEPENDS "${exports}"
    LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib/attestd")
  target_link_options(module_${name} PRIVATE "-Wl,--version-script=${exports}")
  if(NOT ATT_SANITIZE) # a sanitizer's functions come from the program
    target_link_options(module_${name} PRIVATE -Wl,-z,defs)
  endif()
  set(ATT_MODULES ${ATT_MODULES} module_${name} PARENT_SCOPE)
endfunction()

# Where module_load looks when nothing is beside the program.
if(TARGET layer_module)
  target_compile_definitions(layer_module PRIVATE "MODULE_VERSION=\"${ATT_MODULE_VERSION}\""
    "MODULE_DIR=\"${CMAKE_INSTALL_PREFIX}/lib/attestd\"")
endif()

att_module(postgres store/postgres)
att_module(fetch fetch/curl)
att_module(tss tss/esys)
