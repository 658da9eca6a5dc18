#include "procession/io/pattern_watch.hpp"

// The number of steps that one search may take: some milliseconds.
#define BOOST_REGEX_MAX_STATE_COUNT 1'000'000
#include <boost/regex.hpp>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <locale>
#include <utility>

namespace procession {

namespace {

/// The time that the expressions of one `find` may take together.
constexpr std::chrono::milliseconds max_time{250};

/// A pointer in disguise: for iterators with random access Boost.Regex sets its
/// own limit of steps, which allows minutes.
class byte_iterator {
public:
  using iterator_category = std::bidirectional_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  byte_iterator() = default;

  explicit byte_iterator(const char* at) : at_(at) {
    // nop
  }

  const char* get() const {
    return at_;
  }

  reference operator*() const {
    return *at_;
  }

  byte_iterator& operator++() {
    ++at_;
    return *this;
  }

  byte_iterator& operator--() {
    --at_;
    return *this;
  }

  byte_iterator operator++(int) {
    return byte_iterator{at_++};
  }

  byte_iterator operator--(int) {
    return byte_iterator{at_--};
  }

  bool operator==(const byte_iterator& x) const = default;

private:
  const char* at_ = nullptr;
};

using matches = boost::match_results<byte_iterator>;

/// A part of a text; empty if it was not found.
using place = std::optional<std::string_view>;

} // namespace

struct pattern_set::compiled {
  pattern source;
  /// Empty unless the pattern is an expression.
  boost::regex expression;

  struct result {
    /// The part that matched.
    place match;
    /// Without a match: how many bytes need not be searched again.
    std::size_t done = 0;
  };

  /// Searches `text`, which is the end of `all`.
  result search(std::string_view all, std::string_view text) const;
};

pattern_set::compiled::result
pattern_set::compiled::search(std::string_view all,
                              std::string_view text) const {
  if (source.is == pattern::kind::text) {
    auto at = text.find(source.what);
    if (at != std::string_view::npos)
      return {text.substr(at, source.what.size()), 0};
    auto rest = std::min(text.size(), source.what.size() - 1);
    return {std::nullopt, text.size() - rest};
  }
  auto base = byte_iterator{all.data()};
  auto first = byte_iterator{text.data()};
  auto last = byte_iterator{text.data() + text.size()};
  boost::match_flag_type flags = boost::match_not_dot_newline
                                 | boost::match_not_null;
  matches found;
  if (boost::regex_search(first, last, found, expression, flags, base))
    return {place{std::in_place, found[0].first.get(),
                  static_cast<std::size_t>(found[0].second.get()
                                           - found[0].first.get())},
            0};
  // A second search, because a partial match hides complete ones after it.
  flags |= boost::match_partial;
  auto begun = boost::regex_search(first, last, found, expression, flags, base);
  auto at = begun ? found[0].first : last;
  return {std::nullopt, static_cast<std::size_t>(at.get() - first.get())};
}

expected<pattern_set> pattern_set::make(const std::vector<pattern>& patterns) {
  pattern_set result;
  for (auto& x : patterns) {
    if (x.what.empty())
      return invalid_argument("a pattern to look for is empty");
    auto made = std::make_shared<compiled>();
    made->source = x;
    if (x.is == pattern::kind::regex)
      try {
        made->expression.imbue(std::locale::classic());
        made->expression.assign(x.what, boost::regex::perl);
      } catch (const std::exception& e) {
        return invalid_argument("the regular expression '" + x.what
                                + "' is malformed: " + e.what());
      }
    result.patterns_.push_back(std::move(made));
  }
  return result;
}

// -- watching -----------------------------------------------------------------

pattern_watch::pattern_watch(std::size_t window)
  : capacity_(std::max<std::size_t>(window, 1)) {
  // nop
}

void pattern_watch::look_for(pattern_set patterns) {
  patterns_ = std::move(patterns);
  search_from(used_);
}

void pattern_watch::append(std::string_view bytes) {
  add(bytes, false);
}

void pattern_watch::append_hidden(std::string_view bytes) {
  add(bytes, true);
}

void pattern_watch::lose(std::uint64_t bytes) {
  kept_.clear();
  end_ += bytes;
  kept_at_ = end_;
  runs_.clear();
  open_ = false;
}

void pattern_watch::skip() {
  search_from(end_);
}

std::string_view pattern_watch::rest() const {
  return kept(std::max(used_, kept_at_), end_);
}

void pattern_watch::add(std::string_view bytes, bool hidden) {
  if (bytes.empty())
    return;
  // Not at every call, since it moves the kept bytes.
  if (kept_.size() > 2 * capacity_) {
    auto excess = kept_.size() - capacity_;
    kept_.erase(0, excess);
    kept_at_ += excess;
    drop_runs(kept_at_);
  }
  if (!hidden && !open_)
    runs_.push_back({end_, end_});
  kept_ += bytes;
  end_ += bytes.size();
  open_ = !hidden;
  if (open_)
    runs_.back().end = end_;
}

void pattern_watch::search_from(offset begin) {
  used_ = begin;
  drop_runs(begin);
  from_.assign(patterns_.patterns_.size(), begin);
}

void pattern_watch::drop_runs(offset before) {
  while (!runs_.empty() && runs_.front().end <= before)
    runs_.pop_front();
  open_ = open_ && !runs_.empty();
  if (!runs_.empty())
    runs_.front().begin = std::max(runs_.front().begin, before);
}

std::string_view pattern_watch::kept(offset begin, offset end) const {
  return std::string_view{kept_}.substr(begin - kept_at_, end - begin);
}

expected<std::optional<pattern_match>> pattern_watch::find() {
  auto& patterns = patterns_.patterns_;
  auto refuse = [](const pattern& x, const std::string& why) {
    return failure{errc::invalid_argument,
                   {stage::run, 0,
                    "the regular expression '" + x.what
                      + "' takes too many steps on this output: " + why}};
  };
  using clock = std::chrono::steady_clock;
  auto deadline = clock::now() + max_time;
  const pattern* searched = nullptr;
  for (auto& where : runs_) {
    std::optional<pattern_match> first;
    for (std::size_t i = 0; i < patterns.size(); ++i) {
      auto begin = std::max(from_[i], where.begin);
      if (begin >= where.end)
        continue;
      auto& source = patterns[i]->source;
      if (source.is == pattern::kind::regex) {
        if (searched != nullptr && clock::now() > deadline)
          return refuse(*searched, "with the others, it took more than "
                                     + std::to_string(max_time.count())
                                     + " ms");
        searched = &source;
      }
      pattern_set::compiled::result result;
      try {
        result = patterns[i]->search(kept(kept_at_, where.end),
                                     kept(begin, where.end));
      } catch (const std::exception& e) {
        return refuse(source, e.what());
      }
      from_[i] = begin + result.done;
      if (!result.match)
        continue;
      auto at = kept_at_
                + static_cast<offset>(result.match->data() - kept_.data());
      from_[i] = at;
      if (first && first->begin <= at)
        continue;
      first.emplace();
      first->pattern = i;
      first->text = *result.match;
      first->begin = at;
      first->end = at + result.match->size();
    }
    if (first) {
      first->before = kept(std::max(used_, kept_at_), first->begin);
      search_from(first->end);
      return std::move(*first);
    }
  }
  return std::nullopt;
}

} // namespace procession
