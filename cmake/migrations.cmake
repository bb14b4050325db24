# The numbered migrations become a C table, so that the server carries its schema and needs no files at run time.
function(att_embed_migrations target dialect)
  file(GLOB scripts CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/src/store/migrations/${dialect}/*.sql")
  list(SORT scripts)
  set(rows "")
  foreach(script IN LISTS scripts)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${script}")
    get_filename_component(name "${script}" NAME)
    if(NOT name MATCHES "^([0-9][0-9][0-9][0-9])_")
      message(FATAL_ERROR "${script}: migrations are named NNNN_what.sql")
    endif()
    math(EXPR number "1${CMAKE_MATCH_1} - 10000") # leading zeros are not octal
    file(READ "${script}" text)
    string(REPLACE "\\" "\\\\" text "${text}")
    string(REPLACE "\"" "\\\"" text "${text}")
    string(REPLACE "\n" "\\n\"\n      \"" text "${text}")
    string(APPEND rows "    { ${number}, \"${name}\",\n      \"${text}\" },\n")
  endforeach()
  set(file "${CMAKE_BINARY_DIR}/generated/migrations_${dialect}.c")
  file(CONFIGURE OUTPUT "${file}" @ONLY CONTENT
"/* Made from src/store/migrations/${dialect}/ by the build. */
#include \"store/migrations.h\"

const struct store_migration store_migrations_${dialect}[] = {
${rows}    { 0, 0, 0 },
};
")
  target_sources(${target} PRIVATE "${file}")
endfunction()
att_embed_migrations(layer_store_sqlite sqlite)
if(TARGET layer_store_postgres)
  att_embed_migrations(layer_store_postgres postgres)
endif()
