include(${CMAKE_CURRENT_LIST_DIR}/host_headers.cmake)
# Asio needs the socket libraries even where we do not use sockets, and bcrypt, the
# generator of random numbers, for pipes. With mingw-w64 Asio chooses its kind of
# threads by whether <pthread.h> was included before, so that source files would
# disagree about classes of the same name. The macro makes the choice for all.
host_headers(Boost::headers boost LINK ws2_32 mswsock bcrypt
  DEFINE BOOST_ASIO_HAS_PTHREADS=1)
set(Boost_FOUND TRUE)
