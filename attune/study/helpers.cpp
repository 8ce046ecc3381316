#include "attune/study/helpers.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "attune/base/files.h"
#include "attune/base/threads.h"
#include "attune/io/run_program.h"
#include "attune/report/format.h"

namespace attune::study {

Helpers::Helpers(StudyPlan& plan, StudyObserver& observer) {
  const StudyOptions& o = plan.options;
  if (o.jobs < 2) return;
  const int threads = std::max(1, choose_threads(o.train.threads).threads / o.jobs);
  StudyOptions copy = o;
  OptionList list;
  copy.visit(list);
  nlohmann::json told = nlohmann::json::object();  // what was told, so that they search what this process searches
  const nlohmann::json all = list.to_json();
  for (std::string name : o.given) {
    std::replace(name.begin(), name.end(), '-', '_');
    if (name != "overwrite" && name != "json") told[name] = all.at(name);
  }
  const fs::path config = plan.folder() / "jobs" / "options.json";
  write_file_atomically(config, told.dump(2) + "\n");
  const std::vector<std::string> command{o.program, "tune", "--config",  config.string(),
                                         "--jobs",  "1",    "--threads", std::to_string(threads)};
  plan.options.train.threads = threads;
  for (int helper = 1; helper < o.jobs; ++helper)
    helpers_.emplace_back([command, this] {
      const io::ProgramResult result = io::run_program(command, &stop_);
      if (result.status != 0 && result.status != 130) {
        const std::lock_guard lock(mutex_);
        failures_.push_back(result.output);
      }
    });
  observer.note(fmt::format("{} processes, {} each", o.jobs, report::plural(threads, "thread")));
}

}  // namespace attune::study
