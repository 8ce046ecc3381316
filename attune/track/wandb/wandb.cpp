#include "attune/track/wandb/wandb.h"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <random>
#include <unistd.h>

#include "attune/base/files.h"
#include "attune/base/json.h"
#include "attune/track/picture/confusion_picture.h"
#include "attune/track/run_place.h"
#include "attune/track/wall_time.h"

#include "wandb/wandb.pb.h"

namespace attune::track {
namespace {

using nlohmann::json;

constexpr const char* kMarks = "attune-marks.json";
constexpr const char* kOldestReader = "0.70.0";  // the format's, as wandb 0.31.0 writes it

// Eight letters and digits, which nothing but the run's own name follows from.
std::string new_id() {
  constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::random_device source;
  std::uniform_int_distribution<size_t> any(0, kAlphabet.size() - 1);
  std::string id;
  for (int i = 0; i < 8; ++i) id.push_back(kAlphabet[any(source)]);
  return id;
}

std::string stamp(double seconds) {
  const auto whole = static_cast<std::time_t>(seconds);
  std::tm parts{};
  ::localtime_r(&whole, &parts);
  char text[32] = {};
  std::strftime(text, sizeof(text), "%Y%m%d_%H%M%S", &parts);
  return text;
}

// A value; of an object each of its members by its path.
template <class Items>
void add_items(Items& items, const std::string& key, const json& value) {
  if (!value.is_object()) {
    wb::Item& item = *items.Add();
    item.set_key(key);
    item.set_json(value.dump());
    return;
  }
  for (const auto& [part, inner] : value.items()) {
    wb::Item& item = *items.Add();
    item.add_path(key), item.add_path(part);
    item.set_json(inner.dump());
  }
}

json histogram_json(const Histogram& h) {
  // W&B wants one more edge than counts; the first bucket is empty and gives its limit as the first edge.
  return {{"_type", "histogram"},
          {"values", std::vector<double>(h.counts.begin() + 1, h.counts.end())},
          {"bins", h.limits}};
}

}  // namespace

Wandb::Wandb(fs::path root) : root_(std::move(root)) {}
Wandb::~Wandb() = default;

fs::path Wandb::log_path() const {
  return folder_ / ("run-" + id_ + ".wandb");
}

void Wandb::begin(const RunStart& start) {
  if (!go_on(start)) begin_anew(start);
}

bool Wandb::go_on(const RunStart& start) {
  folder_ = remembered_folder(start, root_);
  if (folder_.empty()) return false;
  id_ = start.remembered.value("id", "");
  const fs::path marks = folder_ / kMarks;
  marks_ = fs::exists(marks) ? parse_json(read_file(marks), marks.string()) : json::object();
  const json mark = marks_.value(std::to_string(start.after_step), json());
  if (!mark.is_object()) {
    // Nothing of it belongs to what the run goes on from.
    if (start.after_step == 0) fs::remove_all(folder_);
    return false;
  }
  began_ = start.remembered.value("began", wall_time());
  records_ = mark.value("records", int64_t{0});
  written_step_ = start.after_step;
  log_ = std::make_unique<WandbLogFile>(log_path(), mark.value("bytes", int64_t{0}));
  return true;
}

void Wandb::begin_anew(const RunStart& start) {
  began_ = wall_time(), id_ = new_id(), records_ = 0, marks_ = json::object();
  folder_ = claim_run_folder(root_, fmt::format("offline-run-{}-{}", stamp(began_), id_));
  log_ = std::make_unique<WandbLogFile>(log_path());
  wb::Record header;
  header.mutable_header()->mutable_version()->set_producer("attune " + start.version);
  header.mutable_header()->mutable_version()->set_oldest_reader(kOldestReader);
  write(header);
  wb::Record record;
  wb::Run& run = *record.mutable_run();
  run.set_id(id_), run.set_project("attune"), run.set_job_type(start.task), run.set_title(start.name);
  char host[256] = {};
  if (::gethostname(host, sizeof(host) - 1) == 0) run.set_host(host);
  run.mutable_started()->set_seconds(static_cast<int64_t>(began_));
  run.mutable_started()->set_nanos(static_cast<int32_t>((began_ - std::floor(began_)) * 1e9));
  for (const auto& [name, value] : start.options.items())
    if (!value.is_null()) add_items(*run.mutable_config()->mutable_updates(), name, value);
  write(record);
}

json Wandb::remember() const {
  return {{"folder", folder_.string()}, {"id", id_}, {"began", began_}};
}

std::string Wandb::place() const {
  return fmt::format("{} (nothing was sent; to send it: wandb sync {})", folder_.string(), folder_.string());
}

void Wandb::write(wb::Record& record) {
  record.set_number(++records_);
  record.mutable_stream()->set_id(id_);
  log_->write(record.SerializeAsString());
}

void Wandb::put(int64_t step, const std::string& key, json value) {
  if (step != step_) flush();
  step_ = step;
  at_hand_[key] = std::move(value);
}

void Wandb::flush() {
  if (at_hand_.empty()) return;
  const double now = wall_time();
  at_hand_["_step"] = step_, at_hand_["_timestamp"] = now, at_hand_["_runtime"] = now - began_;
  wb::Record history, summary;
  for (const auto& [key, value] : at_hand_.items()) {
    add_items(*history.mutable_history()->mutable_items(), key, value);
    add_items(*summary.mutable_summary()->mutable_updates(), key, value);
  }
  history.mutable_history()->mutable_step()->set_number(step_);
  // W&B's steps only rise: what is told of a step after its record (by a mark) is part of the summary alone.
  if (step_ > written_step_) write(history);
  write(summary);
  written_step_ = std::max(written_step_, step_);
  at_hand_ = json::object();
}

void Wandb::scalars(int64_t step, std::span<const Scalar> scalars) {
  for (const Scalar& scalar : scalars) put(step, scalar.name, scalar.value);
}

void Wandb::histograms(int64_t step, std::span<const NamedHistogram> histograms) {
  for (const NamedHistogram& named : histograms) put(step, named.name, histogram_json(named.histogram));
}

void Wandb::confusion(int64_t step, const ConfusionTable& table) {
  const Picture picture = confusion_picture(table);
  const std::string png = picture.png(), sum = sha256_hex(png);
  const std::string path = fmt::format("media/images/{}_{}_{:.20}.png", table.name, step, sum);
  make_folder((folder_ / "files" / path).parent_path());
  write_file_atomically(folder_ / "files" / path, png);
  put(step, table.name,
      {{"_type", "image-file"},
       {"path", path},
       {"sha256", sum},
       {"size", png.size()},
       {"format", "png"},
       {"width", picture.width()},
       {"height", picture.height()}});
  wb::Record record;
  wb::Files::File& file = *record.mutable_files()->add_files();
  file.set_path(path), file.set_kind(wb::Files::File::MEDIA);
  write(record);
}

void Wandb::mark(int64_t step) {
  flush();
  log_->sync();
  marks_[std::to_string(step)] = {{"bytes", log_->bytes()}, {"records", records_}};
  write_file_atomically(folder_ / kMarks, marks_.dump(2) + "\n");
}

void Wandb::end(const RunEnd& end) {
  flush();
  wb::Record summary, exit;
  for (const Scalar& scalar : end.finals)
    add_items(*summary.mutable_summary()->mutable_updates(), "final/" + scalar.name, scalar.value);
  if (!end.finals.empty()) write(summary);
  exit.mutable_exit()->set_code(end.state == EndState::finished ? 0 : 1);
  exit.mutable_exit()->set_seconds(static_cast<int32_t>(wall_time() - began_));
  write(exit);
  log_->sync();
}

}  // namespace attune::track
