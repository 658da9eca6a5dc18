#pragma once

#include "procession/messages/error.hpp"

#include <boost/system/error_category.hpp>
#include <boost/system/error_code.hpp>

#include <string>
#include <type_traits>

namespace procession {

/// Returns the category of the library's errors as
/// `boost::system::error_code`s. Their values are `errc`s, and they compare
/// equal to the conditions of `boost::system::errc` with the same meaning.
inline const boost::system::error_category& error_category() noexcept {
  class category : public boost::system::error_category {
  public:
    const char* name() const noexcept override {
      return "procession";
    }

    std::string message(int x) const override {
      return to_string(static_cast<errc>(x));
    }

    boost::system::error_condition
    default_error_condition(int x) const noexcept override {
      namespace generic = boost::system::errc;
      switch (static_cast<errc>(x)) {
        case errc::invalid_argument:
          return generic::make_error_condition(generic::invalid_argument);
        case errc::program_not_found:
        case errc::cwd_not_found:
          return generic::make_error_condition(
            generic::no_such_file_or_directory);
        case errc::not_executable:
          return generic::make_error_condition(generic::permission_denied);
        case errc::stdin_closed:
          return generic::make_error_condition(generic::broken_pipe);
        case errc::already_exited:
          return generic::make_error_condition(generic::no_such_process);
        case errc::deadline_passed:
          return generic::make_error_condition(generic::timed_out);
        default:
          return {x, *this};
      }
    }
  };
  static const category result;
  return result;
}

/// Returns the error code for `x`.
/// @relates errc
inline boost::system::error_code make_error_code(errc x) noexcept {
  return {static_cast<int>(x), error_category()};
}

} // namespace procession

namespace boost::system {

template <>
struct is_error_code_enum<procession::errc> : std::true_type {};

} // namespace boost::system
