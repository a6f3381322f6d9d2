# The classes of OpenTelemetry's protocol, made from its published schemas.
set(stele_otlp_protos "${CMAKE_SOURCE_DIR}/third_party/opentelemetry-proto")
set(stele_otlp_out "${CMAKE_BINARY_DIR}/generated/otlp")
set(stele_otlp_sources)
foreach(name common/v1/common resource/v1/resource logs/v1/logs collector/logs/v1/logs_service)
  set(proto "opentelemetry/proto/${name}.proto")
  set(made "${stele_otlp_out}/opentelemetry/proto/${name}.pb")
  add_custom_command(
    OUTPUT "${made}.cc" "${made}.h"
    COMMAND "${CMAKE_COMMAND}" -E make_directory "${stele_otlp_out}"
    COMMAND protobuf::protoc "--proto_path=${stele_otlp_protos}" "--cpp_out=${stele_otlp_out}" "${proto}"
    DEPENDS "${stele_otlp_protos}/${proto}"
    VERBATIM)
  list(APPEND stele_otlp_sources "${made}.cc")
endforeach()
add_library(stele_otlp STATIC ${stele_otlp_sources})
target_include_directories(stele_otlp SYSTEM PUBLIC "${stele_otlp_out}")
target_link_libraries(stele_otlp PUBLIC protobuf::libprotobuf)
