include(${CMAKE_CURRENT_LIST_DIR}/host_headers.cmake)
host_headers(spdlog::spdlog spdlog fmt
  DEFINE SPDLOG_FMT_EXTERNAL FMT_HEADER_ONLY)
set(spdlog_FOUND TRUE)
