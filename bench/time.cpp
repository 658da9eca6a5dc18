#include "time.hpp"

#include <algorithm>
#include <numeric>

namespace procession::bench {

round_trips summarize(std::vector<double> samples) {
  auto middle = samples.begin() + samples.size() / 2;
  std::nth_element(samples.begin(), middle, samples.end());
  auto sum = std::accumulate(samples.begin(), samples.end(), 0.);
  return {sum / samples.size(), *middle};
}

} // namespace procession::bench
