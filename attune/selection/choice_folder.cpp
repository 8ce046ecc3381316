#include "attune/selection/choice_folder.h"

#include <nlohmann/json.hpp>

#include "attune/base/files.h"
#include "attune/base/json.h"
#include "attune/selection/report/json.h"
#include "attune/selection/report/page.h"
#include "attune/selection/report/text.h"
#include "attune/train/parts.h"

namespace attune::selection {
namespace {

// plan.json last: it says whose the folder is.
constexpr const char* kEntries[] = {"verdict.json", "report.html", "report.txt", "train.json",
                                    "jobs",         "runs",        "parts",      "suspicious.jsonl",
                                    "profile.json", "labels.txt",  "plan.json"};

void write_lines(const fs::path& path, const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line + "\n";
  write_file_atomically(path, text);
}

}  // namespace

void write_train_config(const fs::path& path, train::TrainOptions train) {
  OptionList list;
  train.visit(list);
  nlohmann::json json = list.to_json();
  for (const char* key : {"out", "overwrite", "resume", "json", "parts", "predictions", "save_model"}) json.erase(key);
  write_file_atomically(path, json.dump(2) + "\n");
}

bool check_choice_folder(const fs::path& out, const std::string& plan_text, bool overwrite) {
  if (!fs::exists(out)) return false;
  if (!fs::is_directory(out)) fail(ErrorKind::usage, "--out {} is a file; name a folder", out.string());
  if (fs::is_empty(out)) return false;
  if (!fs::exists(out / "plan.json"))
    fail(ErrorKind::usage, "--out {} is not empty and was not made by `attune select-loss`; name another folder",
         out.string());
  if (overwrite) {
    for (const char* name : kEntries) fs::remove_all(out / name);
    return false;
  }
  if (read_file(out / "plan.json") != plan_text)
    fail(ErrorKind::usage,
         "--out {} holds a choice with other options or data; give --overwrite to replace it, or another folder",
         out.string());
  return true;
}

void write_plan(const fs::path& out, const Plan& plan, const std::vector<Division>& divisions) {
  fs::create_directories(out / "parts");
  if (!plan.labels.empty()) write_lines(out / "labels.txt", plan.labels);
  for (size_t block = 0; block < divisions.size(); ++block)
    write_file_atomically(out / plan.blocks[block].parts, train::parts_text(divisions[block].of_row));
  write_file_atomically(out / "plan.json", plan_text(plan));
}

std::string plan_text(Plan plan) {
  return plan.to_json().dump(2) + "\n";
}

Plan read_plan(const fs::path& out) {
  const fs::path path = out / "plan.json";
  return Plan::from_json(parse_json(read_file(path), path.string()), path.string());
}

Profile read_profile(const fs::path& path) {
  return profile_from_json(parse_json(read_file(path), path.string()));
}

std::string profile_text(const Profile& profile) {
  return to_json(profile).dump(2) + "\n";
}

std::string verdict_text(const Choice& choice) {
  return to_json(choice).dump(2) + "\n";
}

void write_choice(const fs::path& out, const Choice& choice, train::TrainOptions train) {
  std::vector<std::string> suspicious;
  for (const auto& row : choice.profile.suspicious) {
    const nlohmann::ordered_json line{{"place", row.place},
                                      {"reason", row.reason},
                                      {"suspicion", row.suspicion},
                                      {"label", row.label},
                                      {"expected", row.expected}};
    std::string text = json_line(line);
    text.pop_back();
    suspicious.push_back(std::move(text));
  }
  write_lines(out / "suspicious.jsonl", suspicious);
  write_train_config(out / "train.json", std::move(train));
  write_pages(out, choice);
  write_file_atomically(out / "verdict.json", verdict_text(choice));
}

void write_pages(const fs::path& out, const Choice& choice) {
  write_file_atomically(out / "report.html", to_html(choice));
  write_file_atomically(out / "report.txt", to_text(choice));
}

}  // namespace attune::selection
