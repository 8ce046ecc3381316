#include "attune/study/worker.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "attune/base/error.h"
#include "attune/base/files.h"
#include "attune/selection/answers.h"
#include "attune/study/answers.h"
#include "attune/study/judging_rows.h"
#include "attune/tasks/folder_weights.h"
#include "attune/train/checkpoint.h"
#include "attune/train/run.h"
#include "attune/train/run_folder.h"

namespace attune::study {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begun) {
  return std::chrono::duration<double>(Clock::now() - begun).count();
}

// Passes on what a person waiting wants to see, and ends what is too late or hopeless.
class RunObserver final : public train::Observer {
 public:
  RunObserver(const StudyPlan& plan, StudyStore& store, train::Observer& outer, StudyRun& run, double deadline,
              const Worker::Planned& planned)
      : plan_(plan),
        store_(store),
        outer_(outer),
        run_(run),
        left_(deadline - store.now()),
        planned_callback_(planned) {}

  void planned(const train::RunPlan& plan) override {
    steps_ = plan.steps;
    outer_.planned(plan);
    if (planned_callback_) planned_callback_(plan);
  }
  void progressed(const train::Progress& progress) override {
    outer_.progressed(progress);
    late_ = late_ || seconds_since(begun_) > left_;
  }
  void evaluated(int64_t step, double, const std::string& split, const metrics::Scores& scores, bool) override {
    const metrics::Score* score = split == "dev" ? scores.find(plan_.metric) : nullptr;
    if (!score || run_.assignment.purpose != Purpose::search || steps_ == 0) return;
    run_.curve.push_back({static_cast<double>(step) / static_cast<double>(steps_), plan_.sign() * score->value});
    store_.put_curve(run_.id, run_.curve);
    if (step < steps_ && plan_.options.stop_hopeless && run_.assignment.trial != 0)
      hopeless_ = tune::is_hopeless(run_.curve, others());
  }
  bool stop_requested() override { return late_ || hopeless_ || outer_.stop_requested(); }

  bool late() const { return late_; }
  bool hopeless() const { return hopeless_; }

 private:
  std::vector<tune::Curve> others() {
    std::vector<tune::Curve> curves;
    for (const StudyRun& other : store_.history().runs)
      if (other.id != run_.id && other.assignment.purpose == Purpose::search &&
          other.assignment.stage == run_.assignment.stage && other.state == tune::RunState::finished)
        curves.push_back(other.curve);
    return curves;
  }

  const StudyPlan& plan_;
  StudyStore& store_;
  train::Observer& outer_;
  StudyRun& run_;
  Clock::time_point begun_ = Clock::now();
  double left_;  // seconds: while a process works, the study's time goes as the clock does
  const Worker::Planned& planned_callback_;
  int64_t steps_ = 0;
  bool late_ = false, hopeless_ = false;
};

// Neither weights nor checkpoints are kept of a run.
void drop_weights(const fs::path& run) {
  for (const char* folder : {"checkpoints", "last-good"}) fs::remove_all(run / folder);
  for (const char* file :
       {"model.safetensors", tasks::kHeadFile, tasks::kAdapterWeightsFile, tasks::kHubWeightsFile, tasks::kHubHeadFile})
    fs::remove(run / file);
}

std::string why_stopped(const RunObserver& observer) {
  return observer.hopeless() ? "below the median of others at the same place" : kTimeOver;
}

// What a run that was interrupted had taken and shown until then: a note of the study, until it has gone on and ended.
std::string note_of(const Assignment& assignment) {
  return "so far of " + run_name(assignment);
}

}  // namespace

bool Worker::run(StudyRun run, double deadline, const Planned& planned) {
  const bool first = run.assignment.trial == 0 && run.assignment.purpose == Purpose::search;
  const bool measures = limits_of(plan_.options).any() && run.assignment.share == 1;
  const auto begun = Clock::now();
  double earlier = 0;  // seconds, before it was interrupted
  try {
    train::TrainOptions options = options_of(plan_, run.assignment);
    options.save_model = options.save_model || measures;
    train::write_options(plan_.folder() / "jobs" / (run_name(run.assignment) + ".json"), options);
    if (fs::exists(options.out)) (train::newest_checkpoint(options.out) ? options.resume : options.overwrite) = true;
    run.curve.clear();
    if (const nlohmann::json before = store_.noted(note_of(run.assignment)); options.resume && before.is_object())
      earlier = before.at("seconds"), run.curve = curve_from_json(before.at("curve"));
    RunObserver observer(plan_, store_, observer_, run, deadline, planned);
    const train::RunResult result = train::run_training(options, observer);
    if (result.state == train::RunResult::State::interrupted) {
      if (!observer.late() && !observer.hopeless()) {
        store_.note(note_of(run.assignment),
                    {{"seconds", earlier + seconds_since(begun)}, {"curve", curve_to_json(run.curve)}});
        store_.release(run.id);
        return false;
      }
      run.state = tune::RunState::stopped, run.failure = why_stopped(observer);
      drop_weights(options.out);
    } else {
      finish(run);
      if (measures && run.state == tune::RunState::finished)
        run.facts = {{"answers", answers_json(answer_in_all(plan_, run.assignment))}};
      drop_weights(options.out);
    }
  } catch (const Error& error) {
    const bool of_the_trial =
        error.kind() == ErrorKind::numeric || error.kind() == ErrorKind::memory || error.kind() == ErrorKind::usage;
    if (!of_the_trial || (first && error.kind() != ErrorKind::numeric)) {
      store_.release(run.id);
      throw;
    }
    run.state = tune::RunState::failed, run.failure = error.message();
    drop_weights(options_of(plan_, run.assignment).out);
  } catch (...) {
    store_.release(run.id);
    throw;
  }
  run.seconds = earlier + seconds_since(begun);
  store_.end(run);
  store_.forget(note_of(run.assignment));
  return true;
}

void Worker::finish(StudyRun& run) const {
  const double value = selection::value_of(answers_on(plan_, run.assignment, run.assignment.purpose), plan_.metric);
  if (std::isfinite(value)) {
    run.state = tune::RunState::finished, run.value = plan_.sign() * value;
  } else {
    run.state = tune::RunState::failed, run.failure = plan_.metric + " has no value for its answers";
  }
}

}  // namespace attune::study
