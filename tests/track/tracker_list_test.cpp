#include "attune/track/tracker_list.h"

#include <gtest/gtest.h>

#include "attune/base/error.h"

namespace attune::track {
namespace {

class Fake final : public Tracker {
 public:
  Fake(std::string called, std::vector<std::string>& heard, int64_t fails_at = -1)
      : called_(std::move(called)), heard_(heard), fails_at_(fails_at) {}
  std::string name() const override { return called_; }
  void begin(const RunStart& start) override { heard_.push_back(called_ + " begins with " + start.remembered.dump()); }
  nlohmann::json remember() const override { return {{"folder", "/" + called_}}; }
  std::string place() const override { return "there"; }
  void mark(int64_t step) override {
    if (step == fails_at_) fail(ErrorKind::io, "the disk is full");
    heard_.push_back(called_ + " " + std::to_string(step));
  }
  void end(const RunEnd&) override {}

 private:
  std::string called_;
  std::vector<std::string>& heard_;
  int64_t fails_at_;
};

TEST(TrackerList, OneThatFailsIsLeftOutAndSaid) {
  std::vector<std::string> heard, said;
  TrackerList list([&](const std::string& line) { said.push_back(line); });
  list.add(std::make_unique<Fake>("A", heard, 2));
  list.add(std::make_unique<Fake>("B", heard));
  list.begin({}, {{"B", 7}});
  EXPECT_EQ(list.remember(), nlohmann::json::parse(R"({"A": {"folder": "/A"}, "B": {"folder": "/B"}})"));
  for (int64_t step = 1; step <= 3; ++step) list.tell([&](Tracker& tracker) { tracker.mark(step); });
  EXPECT_EQ(heard, (std::vector<std::string>{"A begins with null", "B begins with 7", "A 1", "B 1", "B 2", "B 3"}));
  ASSERT_EQ(said.size(), 1u);
  EXPECT_EQ(said[0], "A is told nothing more of this run (training goes on): the disk is full");
}

}  // namespace
}  // namespace attune::track
