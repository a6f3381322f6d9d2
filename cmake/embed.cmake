# stele_embed(<target> <source> <glob>): writes the files' contents into a generated source of the target, as the table that
# src/<source without .cc>.h declares: name and text of each, by name.
function(stele_embed target source glob)
  set(generated "${CMAKE_BINARY_DIR}/generated/${source}")
  file(GLOB files CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/${glob}")
  list(SORT files)
  set(script "${CMAKE_SOURCE_DIR}/cmake/write_embedded.cmake")
  add_custom_command(
    OUTPUT "${generated}"
    COMMAND "${CMAKE_COMMAND}" "-DOUTPUT=${generated}" "-DSOURCE=${source}" "-DFILES=${files}" -P "${script}"
    DEPENDS ${files} "${script}"
    VERBATIM)
  target_sources(${target} PRIVATE "${generated}")
endfunction()
