#include "attune/selection/divide.h"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <tuple>

#include "attune/base/error.h"
#include "attune/base/rng.h"

namespace attune::selection {
namespace {

constexpr uint64_t kDivideStream = 0x646976696465;  // "divide"
constexpr int kFolds = 5;
constexpr double kInner = 0.125, kRaceOfDev = 0.4;

// Rows that go together.
struct Group {
  std::vector<int32_t> rows;
  int stratum = 0;
  uint64_t hash = 0;  // of the content, whatever the order of the rows
};

// Labels' places in the order of their names: their numbers depend on the order of the rows.
std::vector<int> places_of(const std::vector<std::string>& names) {
  std::vector<size_t> sorted(names.size());
  std::iota(sorted.begin(), sorted.end(), size_t{0});
  std::sort(sorted.begin(), sorted.end(), [&](size_t a, size_t b) { return names[a] < names[b]; });
  std::vector<int> places(names.size());
  for (size_t i = 0; i < sorted.size(); ++i) places[sorted[i]] = static_cast<int>(i);
  return places;
}

std::vector<Group> groups_of(const data::Dataset& rows, data::TargetKind target, const Clusters& clusters) {
  const data::Examples& examples = rows.examples;
  const std::vector<int> places = places_of(examples.label_names());
  const auto none = static_cast<int>(places.size());
  std::vector<int64_t> counts(places.size(), 0);
  const auto label = [&](const data::ExampleView& view, int32_t i) {
    return places[static_cast<size_t>(view.label(i))];
  };
  for (size_t row = 0; row < examples.size(); ++row) {
    const data::ExampleView view = examples.view(row);
    for (int32_t i = 0; i < view.label_count; ++i) ++counts[static_cast<size_t>(label(view, i))];
  }
  // A class, or the rarest of several labels; tags and scores are one stratum.
  const auto stratum_of = [&](const data::ExampleView& view) {
    if (target != data::TargetKind::label && target != data::TargetKind::labels) return none;
    std::pair<int64_t, int> rarest(std::numeric_limits<int64_t>::max(), none);
    for (int32_t i = 0; i < view.label_count; ++i)
      rarest = std::min(rarest, std::pair(counts[static_cast<size_t>(label(view, i))], label(view, i)));
    return rarest.second;
  };
  std::map<int32_t, size_t> place;
  std::vector<Group> groups;
  for (size_t row = 0; row < examples.size(); ++row) {
    const auto [at, fresh] = place.emplace(clusters.of_row[row], groups.size());
    if (fresh) groups.emplace_back();
    Group& group = groups[at->second];
    const data::ExampleView view = examples.view(row);
    const std::pair own(view.input_hash, stratum_of(view));
    if (fresh || own < std::pair(group.hash, group.stratum)) std::tie(group.hash, group.stratum) = own;
    group.rows.push_back(static_cast<int32_t>(row));
  }
  return groups;
}

// Deals groups into `folds`, stratum by stratum: the largest first, each to the fold that has the fewest rows of the
// stratum. fold[g] of each group in `use`; -1 of others.
std::vector<int> deal(const std::vector<Group>& groups, const std::vector<bool>& use, int folds, uint64_t seed) {
  std::map<int, std::vector<size_t>> strata;
  for (size_t g = 0; g < groups.size(); ++g)
    if (use[g]) strata[groups[g].stratum].push_back(g);
  std::vector<int> fold(groups.size(), -1);
  std::vector<int64_t> total(static_cast<size_t>(folds), 0);
  for (auto& [stratum, members] : strata) {
    std::sort(members.begin(), members.end(), [&](size_t a, size_t b) {
      if (groups[a].rows.size() != groups[b].rows.size()) return groups[a].rows.size() > groups[b].rows.size();
      const uint64_t x = mix_key(seed, groups[a].hash), y = mix_key(seed, groups[b].hash);
      return x != y ? x < y : a < b;
    });
    std::vector<int64_t> own(static_cast<size_t>(folds), 0);
    for (const size_t g : members) {
      size_t least = 0;
      for (size_t f = 1; f < own.size(); ++f)
        if (std::pair(own[f], total[f]) < std::pair(own[least], total[least])) least = f;
      own[least] += std::ssize(groups[g].rows), total[least] += std::ssize(groups[g].rows);
      fold[g] = static_cast<int>(least);
    }
  }
  return fold;
}

class Divider {
 public:
  Divider(std::vector<Group> groups, const data::Examples& rows, const DivideOptions& options)
      : groups_(std::move(groups)), rows_(rows), options_(options), seed_(mix_key(options.seed, kDivideStream)) {}

  std::vector<Division> without_dev() {
    std::vector<Division> divisions;
    const std::vector<bool> all(groups_.size(), true);
    const std::vector<int> fold = deal(groups_, all, kFolds, seed_);
    std::vector<bool> outside(groups_.size());
    for (size_t g = 0; g < groups_.size(); ++g) outside[g] = fold[g] != 0;
    divisions.push_back(division([&](size_t g) { return fold[g] == 0; }, [](size_t) { return true; }, 0));
    std::vector<int> grouping = fold;
    constexpr int kAtOnce = kFolds - 1;
    for (int block = 0; block < options_.blocks; ++block) {
      if (block > 0 && block % kAtOnce == 0) {
        grouping = deal(groups_, outside, kAtOnce, mix_key(seed_, static_cast<uint64_t>(block)));
        for (int& each : grouping) each += each >= 0;
      }
      const int judged = 1 + block % kAtOnce;
      divisions.push_back(
          division([&](size_t g) { return grouping[g] == judged; }, [](size_t) { return true; }, block + 1));
    }
    return divisions;
  }

  std::vector<Division> by_time() {
    const auto count = static_cast<int64_t>(rows_.size()), half = count / 2, slices = options_.blocks + int64_t{1};
    std::vector<int64_t> place(rows_.size());  // in time
    for (int64_t at = 0; at < count; ++at) place[static_cast<size_t>(options_.in_time[static_cast<size_t>(at)])] = at;
    std::vector<Division> divisions;
    for (int64_t slice = 0; slice < slices; ++slice) {
      const int64_t begin = half + slice * (count - half) / slices, end = half + (slice + 1) * (count - half) / slices;
      const auto any = [&](size_t g, int64_t from, int64_t to) {
        return std::any_of(groups_[g].rows.begin(), groups_[g].rows.end(), [&](int32_t row) {
          const int64_t at = place[static_cast<size_t>(row)];
          return at >= from && at < to;
        });
      };
      Division out = division([&](size_t g) { return any(g, begin, end); }, [&](size_t g) { return any(g, 0, begin); },
                              static_cast<int>(slice));
      for (size_t row = 0; row < out.of_row.size(); ++row) {
        char& part = out.of_row[row];
        const bool fits = part == 'e' ? place[row] >= begin && place[row] < end : place[row] < begin;
        if (part == '-' || fits) continue;
        --(part == 'e' ? out.judges : part == 'd' ? out.inner : out.learns);
        part = '-';
      }
      divisions.push_back(std::move(out));
    }
    return divisions;
  }

  std::vector<Division> with_dev() {
    const auto is_dev = [&](int32_t row) { return row >= options_.dev_from; };
    std::vector<bool> judging(groups_.size());
    for (size_t g = 0; g < groups_.size(); ++g)
      judging[g] = std::any_of(groups_[g].rows.begin(), groups_[g].rows.end(), is_dev);
    // Five parts of the dev rows, two of them the race's.
    const std::vector<int> part = deal(groups_, judging, 5, seed_);
    const int race_parts = static_cast<int>(5 * kRaceOfDev);
    std::vector<Division> divisions;
    const auto may_learn = [&](size_t g) { return !judging[g]; };
    divisions.push_back(division([&](size_t g) { return judging[g] && part[g] < race_parts; }, may_learn, 0));
    for (int block = 0; block < options_.blocks; ++block)
      divisions.push_back(
          division([&](size_t g) { return judging[g] && part[g] >= race_parts; }, may_learn, block + 1));
    return divisions;
  }

 private:
  template <class Judges, class Learns>
  Division division(const Judges& judges, const Learns& may_learn, int number) const {
    Division out{.of_row = std::string(rows_.size(), '-')};
    // Copies of dev rows among the training rows judge nothing.
    const int64_t judging_from = options_.dev_from < static_cast<int64_t>(rows_.size()) ? options_.dev_from : 0;
    std::vector<bool> learning(groups_.size());
    for (size_t g = 0; g < groups_.size(); ++g) learning[g] = !judges(g) && may_learn(g);
    const uint64_t own = mix_key(seed_, 1000 + static_cast<uint64_t>(number));
    const std::vector<int> eighth = deal(groups_, learning, static_cast<int>(1 / kInner), own);
    const auto put = [&](size_t g, char part, int64_t& count) {
      for (const int32_t row : groups_[g].rows)
        if (part != 'e' || row >= judging_from) out.of_row[static_cast<size_t>(row)] = part, ++count;
    };
    for (size_t g = 0; g < groups_.size(); ++g) {
      if (judges(g)) put(g, 'e', out.judges);
      if (learning[g]) eighth[g] == 0 ? put(g, 'd', out.inner) : put(g, 't', out.learns);
    }
    thin(out, own);
    return out;
  }

  // At most so many judging rows, evenly.
  void thin(Division& division, uint64_t seed) const {
    if (division.judges <= options_.most_judges) return;
    std::vector<std::pair<uint64_t, size_t>> judging;
    for (size_t row = 0; row < division.of_row.size(); ++row)
      if (division.of_row[row] == 'e') judging.emplace_back(mix_key(seed, rows_.view(row).input_hash), row);
    std::sort(judging.begin(), judging.end());
    for (size_t i = static_cast<size_t>(options_.most_judges); i < judging.size(); ++i)
      division.of_row[judging[i].second] = '-';
    division.judges = options_.most_judges;
  }

  std::vector<Group> groups_;
  const data::Examples& rows_;
  const DivideOptions& options_;
  uint64_t seed_;
};

}  // namespace

std::vector<Division> divide(const data::Dataset& rows, data::TargetKind target, const Clusters& clusters,
                             const DivideOptions& options) {
  const auto count = std::ssize(rows.examples);
  if (count < kLeastRows)
    fail(ErrorKind::input,
         "{} rows: nothing can be decided from this. A fold of {} judging rows moves by {:.0f} points with one answer; "
         "label {} rows at least, some hundreds to see anything",
         count, std::max<int64_t>(1, count / kFolds), 100.0 * kFolds / static_cast<double>(std::max<int64_t>(1, count)),
         kLeastRows);
  Divider divider(groups_of(rows, target, clusters), rows.examples, options);
  std::vector<Division> divisions = options.dev_from < count   ? divider.with_dev()
                                    : !options.in_time.empty() ? divider.by_time()
                                                               : divider.without_dev();
  for (const Division& each : divisions)
    if (each.learns == 0 || each.inner == 0 || each.judges == 0)
      fail(ErrorKind::input,
           "nothing can be decided from this: of {} rows {} would learn, {} fit corrections and {} judge; too many of "
           "them are the same texts, or all training rows stand in --dev",
           count, each.learns, each.inner, each.judges);
  return divisions;
}

}  // namespace attune::selection
