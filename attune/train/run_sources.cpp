#include "attune/train/run_sources.h"

#include <nlohmann/json.hpp>

#include "attune/base/files.h"
#include "attune/data/collection.h"
#include "attune/data/split.h"
#include "attune/io/resolve.h"
#include "attune/train/parts.h"
#include "attune/train/run_folder.h"

namespace attune::train {

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

Sources read_sources(const TrainOptions& o, data::TargetKind target, const std::filesystem::path& scratch,
                     Observer& observer) {
  std::optional<data::Collection> collection;
  if (o.read.corpus && o.read.queries && target == data::TargetKind::texts)
    collection = data::read_collection(o.read, scratch);
  const auto read = [&](const std::vector<std::string>& files) {
    if (collection) return data::read_judgements(files, *collection, o.read, scratch);
    return data::read_dataset(files, target, o.read, data::TargetNeed::required, scratch);
  };
  if (!o.parts.empty() && (!o.test.empty() || (!o.dev.empty() && o.dev != "none")))
    fail(ErrorKind::usage, "--parts says which rows of --train are for dev and test; leave {} out",
         o.test.empty() ? "--dev" : "--test");
  Sources s{.train = read(o.train), .dev = {}, .test = {}, .dev_files = o.dev};
  if (!o.dev.empty() && o.dev != "none") s.dev = read({o.dev});
  if (!o.test.empty()) s.test = read({o.test});
  if (!o.parts.empty()) {
    Parts parts = read_parts(o.parts, std::ssize(s.train.examples));
    s.dev_files = joined(o.train) + " (" + o.parts + ")";
    if (!parts.dev.empty()) s.dev = data::take_rows(s.train, std::move(parts.dev));
    if (!parts.test.empty()) s.test = data::take_rows(s.train, std::move(parts.test));
    s.train = data::take_rows(s.train, std::move(parts.train));
    return s;
  }
  if (o.dev.empty() && o.test.empty() && o.holdout > 0) {
    data::HeldOut parts = data::hold_out(s.train, target, o.holdout, o.seed);
    s.dev = data::take_rows(s.train, std::move(parts.held));
    s.train = data::take_rows(s.train, std::move(parts.kept));
    s.dev_files = joined(o.train) + " (held out)";
    observer.note(fmt::format(
        "held out {} of {} training rows for dev ({}, seed {}); --dev FILE or --dev none changes that",
        s.dev->examples.size(), s.dev->examples.size() + s.train.examples.size(),
        s.train.shape == data::TextShape::pairs ? "rows with the same second text stay together" : "stratified",
        o.seed));
  }
  return s;
}

nlohmann::json fingerprint_sources(const TrainOptions& o) {
  std::vector<std::string> files = o.train;
  if (!o.dev.empty() && o.dev != "none") files.push_back(o.dev);
  if (!o.test.empty()) files.push_back(o.test);
  if (!o.labels.empty()) files.push_back(o.labels);
  if (!o.parts.empty()) files.push_back(o.parts);
  if (o.read.corpus) files.push_back(*o.read.corpus);
  if (o.read.queries) files.push_back(*o.read.queries);
  nlohmann::json fingerprints = nlohmann::json::object();
  if (!o.teacher.empty()) fingerprints["--teacher"] = model_fingerprint(io::resolve_model(o.teacher).string());
  for (const auto& file : files) fingerprints[file] = sha256_file(file);
  return fingerprints;
}

std::string sources_hash(const TrainOptions& o) {
  nlohmann::json all = fingerprint_sources(o);
  all["model"] = model_fingerprint(io::resolve_model(o.model).string());
  return sha256_hex(all.dump());
}

}  // namespace attune::train
