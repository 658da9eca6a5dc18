#pragma once

// One set of names for CAF 0.17.6 and for CAF 1.1 or later: the names of the
// newer version where both can support them. No other file depends on the
// version of CAF.

#include <caf/abstract_actor.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>
#include <caf/config.hpp>
#include <caf/error.hpp>
#include <caf/exit_reason.hpp>
#include <caf/message.hpp>
#include <caf/response_promise.hpp>
#include <caf/result.hpp>
#include <caf/timespan.hpp>
#include <caf/type_id.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_response_promise.hpp>

#ifndef CAF_VERSION_MAJOR
#define PROCESSION_CAF_OPTION(name) name
#include <caf/atom.hpp>
#include <caf/meta/load_callback.hpp>
#include <caf/meta/type_name.hpp>
#include <caf/replies_to.hpp>
#else
#define PROCESSION_CAF_OPTION(name) "caf." name
#include <caf/init_global_meta_objects.hpp>
#include <caf/is_error_code_enum.hpp>
#endif

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

/// Names of CAF's configuration options.
namespace procession::caf_option {

inline constexpr char scheduler_policy[] = PROCESSION_CAF_OPTION(
  "scheduler.policy");
inline constexpr char scheduler_threads[] = PROCESSION_CAF_OPTION(
  "scheduler.max-threads");
inline constexpr char heartbeat_interval[] = PROCESSION_CAF_OPTION(
  "middleman.heartbeat-interval");
inline constexpr char connection_timeout[] = PROCESSION_CAF_OPTION(
  "middleman.connection-timeout");
inline constexpr char deserializer_threads[] = PROCESSION_CAF_OPTION(
  "middleman.workers");

} // namespace procession::caf_option

#undef PROCESSION_CAF_OPTION

namespace procession {

#ifndef CAF_VERSION_MAJOR

// -- CAF 0.17 -----------------------------------------------------------------

namespace detail {

template <class Signature>
struct old_signature;

template <class... Out, class... In>
struct old_signature<caf::result<Out...>(In...)> {
  using type = typename caf::replies_to<In...>::template with<Out...>;
};

template <class Handle, class... Signatures>
struct old_extended {
  using type = typename Handle::template extend<
    typename old_signature<Signatures>::type...>;
};

} // namespace detail

/// A statically typed actor, given by signatures `caf::result<Out...>(In...)`.
template <class... Signatures>
using typed_actor
  = caf::typed_actor<typename detail::old_signature<Signatures>::type...>;

/// The same interface with further signatures.
template <class Handle, class... Signatures>
using extended = typename detail::old_extended<Handle, Signatures...>::type;

/// The result type of `inspect`.
template <class Inspector>
using inspected = typename Inspector::result_type;

/// Inspects a type that is serialised as the sequence of its fields; see
/// `PROCESSION_INSPECT`.
template <class Inspector, class T, class... Ts>
inspected<Inspector> inspect_fields(Inspector& f, T&, const char* name,
                                    std::string_view, Ts&... fields) {
  return f(caf::meta::type_name(name), fields...);
}

/// Inspects a type that is serialised as one value of another type.
/// @param get returns that value; `set` stores it.
template <class Inspector, class T, class Get, class Set>
inspected<Inspector>
inspect_as(Inspector& f, T&, const char* name, Get get, Set set) {
  auto value = Inspector::reads_state ? get() : decltype(get()){};
  if constexpr (Inspector::reads_state)
    return f(caf::meta::type_name(name), value);
  else
    return f(caf::meta::type_name(name), value,
             caf::meta::load_callback([&]() -> caf::error {
               set(std::move(value));
               return caf::none;
             }));
}

/// A stateful actor with such a handle. Its state has an `on_exit` that may be
/// called twice. If the actor becomes unreachable, `on_exit` is called before
/// the actor's monitors are told. (CAF 0.17 destroys the state at that point.)
template <class Handle, class State>
using stateful_impl
  = std::remove_pointer_t<typename Handle::template stateful_pointer<State>>;

/// Returns the state of a stateful actor.
template <class Actor>
auto& state_of(Actor* self) {
  return self->state;
}

/// Creates one of the library's errors from its code.
template <class Enum>
caf::error make_caf_error(Enum code, caf::message context) {
  return {static_cast<std::uint8_t>(code), caf::atom("procession"),
          std::move(context)};
}

/// Returns whether an error that is not empty has a code of type `Enum`, which
/// is the library's `errc` or `caf::exit_reason`.
template <class Enum>
bool has_category(const caf::error& x) noexcept {
  return x.category()
         == (std::is_same_v<Enum, caf::exit_reason> ? caf::atom("exit")
                                                    : caf::atom("procession"));
}

/// The promise of a response without a result; `fulfill` delivers it.
using void_promise = caf::response_promise;

/// Delivers the response.
/// @relates void_promise
inline void fulfill(void_promise& x) {
  x.deliver(caf::unit);
}

/// Returns whether the actor that waits for the answer to a promise has ended.
inline bool asker_has_ended(const caf::response_promise& x) {
  auto& who = x.source();
  return who == nullptr
         || who->get()->getf(caf::abstract_actor::is_terminated_flag
                             | caf::abstract_actor::is_cleaned_up_flag);
}

/// Registers the message types of the blocks with a future actor system.
template <class... Blocks>
void register_types(caf::actor_system_config& cfg) {
  (cfg.add_message_types<Blocks>(), ...);
}

/// Registers all message types, including those in errors, which can exist
/// without an actor system. Does nothing if CAF does not need that. Must be
/// called in an initializer.
template <class... Blocks>
bool register_types() {
  return true;
}

/// Makes CAF render the library's errors with `render`, where it supports that.
template <class Enum>
void register_errors(caf::actor_system_config& cfg,
                     std::string (*render)(const caf::error&)) {
  cfg.add_error_category(caf::atom("procession"),
                         [render](std::uint8_t code, caf::atom_value category,
                                  const caf::message& context) {
                           return render({code, category, context});
                         });
}

/// Returns the value for an option that takes a word.
inline caf::atom_value option_word(const char* x) {
  return caf::atom_from_string(std::string{x});
}

/// Loads a module of CAF, such as `caf::io::middleman`.
template <class Module>
void load_module(caf::actor_system_config& cfg) {
  cfg.load<Module>();
}

/// Appends `x` in CAF's binary format. @returns whether that was possible.
/// @param where the system of the actors that `x` may hold; null if it holds
///              none.
template <class T>
bool to_binary(const T& x, std::vector<char>& bytes,
               caf::actor_system* where = nullptr) {
  caf::binary_serializer sink{
    where == nullptr ? nullptr : where->dummy_execution_unit(), bytes};
  // Serialisation does not change the value.
  return !sink(const_cast<T&>(x)); // NOLINT(*-const-cast)
}

/// Reads `x` from those bytes. @returns whether they are exactly one `x`.
template <class T>
bool from_binary(const char* data, std::size_t size, T& x,
                 caf::actor_system* where = nullptr) {
  caf::binary_deserializer source{
    where == nullptr ? nullptr : where->dummy_execution_unit(), data, size};
  return !source(x) && source.remaining() == 0;
}

#else

// -- CAF 1 --------------------------------------------------------------------

template <class... Signatures>
using typed_actor = caf::typed_actor<Signatures...>;

template <class Handle, class... Signatures>
using extended = typename Handle::template extend<Signatures...>;

template <class Inspector>
using inspected = bool;

template <class Inspector, class T, class... Ts>
bool inspect_fields(Inspector& f, T& x, const char* name,
                    std::string_view names, Ts&... fields) {
  std::array<std::string_view, sizeof...(Ts)> split;
  for (auto& field : split) {
    field = names.substr(0, names.find(','));
    names.remove_prefix(std::min(names.size(), field.size() + 2));
  }
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return f.object(x).pretty_name(name).fields(f.field(split[I], fields)...);
  }(std::index_sequence_for<Ts...>{});
}

template <class Inspector, class T, class Get, class Set>
bool inspect_as(Inspector& f, T& x, const char* name, Get get, Set set) {
  return f.object(x).pretty_name(name).fields(
    f.field("value", get, [&](decltype(get()) value) {
      set(std::move(value));
      return true;
    }));
}

/// Serialises enumerations as their numbers.
template <class Inspector, class Enum>
  requires std::is_enum_v<Enum>
bool inspect(Inspector& f, Enum& x) {
  using number = std::underlying_type_t<Enum>;
  return f.apply([&x] { return static_cast<number>(x); },
                 [&x](number n) {
                   x = static_cast<Enum>(n);
                   return true;
                 });
}

template <class Handle, class State>
class stateful_impl : public Handle::template stateful_impl<State> {
public:
  using super = typename Handle::template stateful_impl<State>;
  using super::super;

  void on_unreachable() override {
    this->state().on_exit();
    super::on_unreachable();
  }
};

template <class Actor>
auto& state_of(Actor* self) {
  return self->state();
}

template <class Enum>
caf::error make_caf_error(Enum code, caf::message context) {
  return {code, std::move(context)};
}

template <class Enum>
bool has_category(const caf::error& x) noexcept {
  return x.category() == caf::type_id_v<Enum>;
}

using void_promise = caf::typed_response_promise<void>;

inline void fulfill(void_promise& x) {
  x.deliver();
}

template <class Promise>
bool asker_has_ended(const Promise& x) {
  auto who = x.source();
  return who == nullptr
         || who->get()->getf(caf::abstract_actor::is_terminated_flag);
}

template <class... Blocks>
bool register_types() {
  caf::core::init_global_meta_objects();
  (caf::init_global_meta_objects<Blocks>(), ...);
  return true;
}

template <class... Blocks>
void register_types(caf::actor_system_config&) {
  register_types<Blocks...>();
}

template <class Enum>
void register_errors(caf::actor_system_config&,
                     std::string (*)(const caf::error&)) {
  // CAF 1 writes the name of the code and the context by itself.
}

inline std::string option_word(const char* x) {
  return x;
}

template <class Module>
void load_module(caf::actor_system_config& cfg) {
  Module::init_global_meta_objects();
  cfg.load<Module>();
}

template <class T>
bool to_binary(const T& x, std::vector<char>& bytes,
               caf::actor_system* where = nullptr) {
  caf::byte_buffer written;
  auto put = [&](caf::binary_serializer sink) { return sink.apply(x); };
  if (!(where == nullptr ? put(caf::binary_serializer{written})
                         : put({*where, written})))
    return false;
  auto* data = reinterpret_cast<const char*>(written.data());
  bytes.insert(bytes.end(), data, data + written.size());
  return true;
}

template <class T>
bool from_binary(const char* data, std::size_t size, T& x,
                 caf::actor_system* where = nullptr) {
  caf::const_byte_span bytes{reinterpret_cast<const std::byte*>(data), size};
  auto get = [&](caf::binary_deserializer source) {
    return source.apply(x) && source.remaining() == 0;
  };
  return where == nullptr ? get(caf::binary_deserializer{bytes})
                          : get({*where, bytes});
}

#endif

} // namespace procession

// -- types that are messages --------------------------------------------------

/// Serialises a struct as the sequence of its fields, which must all be named,
/// in the order of their declarations.
#define PROCESSION_INSPECT(type, ...)                                          \
  template <class Inspector>                                                   \
  inspected<Inspector> inspect(Inspector& f, type& x) {                        \
    auto& [__VA_ARGS__] = x;                                                   \
    return inspect_fields(f, x, #type, #__VA_ARGS__, __VA_ARGS__);             \
  }

// A block of types that are sent only between actors of one process. CAF 1
// needs ids for them too, and must know them before an actor system is created:
// such a block registers itself.
// clang-format off
#define PROCESSION_BEGIN_LOCAL(block, id) CAF_BEGIN_TYPE_ID_BLOCK(block, id)
#ifndef CAF_VERSION_MAJOR
#  define PROCESSION_LOCAL(block, type) CAF_ALLOW_UNSAFE_MESSAGE_TYPE(type)
#  define PROCESSION_END_LOCAL(block) CAF_END_TYPE_ID_BLOCK(block)
#  define PROCESSION_ERROR_CODES(type)
#else
#  define PROCESSION_LOCAL(block, type)                                        \
    CAF_ALLOW_UNSAFE_MESSAGE_TYPE(type)                                        \
    CAF_ADD_TYPE_ID(block, (type))
#  define PROCESSION_END_LOCAL(block)                                          \
    CAF_END_TYPE_ID_BLOCK(block)                                               \
    namespace procession::detail {                                             \
    inline const bool block##_is_registered                                    \
      = (caf::init_global_meta_objects<caf::id_block::block>(), true);         \
    }
#  define PROCESSION_ERROR_CODES(type) CAF_ERROR_CODE_ENUM(type)
#endif
// clang-format on
