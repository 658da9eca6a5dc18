include(${CMAKE_CURRENT_LIST_DIR}/host_headers.cmake)
# Asio needs the sockets, also where we use none, and for pipes the generator
# of random numbers. With mingw-w64 it takes its threads for one kind or the
# other by whether <pthread.h> was included before it, so each source file had
# classes of its own under the same names: it is told which.
host_headers(Boost::headers boost LINK ws2_32 mswsock bcrypt
  DEFINE BOOST_ASIO_HAS_PTHREADS=1)
set(Boost_FOUND TRUE)
