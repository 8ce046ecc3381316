// The folder of a choice: whose it is, and what is left there (select.h lists it).
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "attune/selection/choice.h"
#include "attune/selection/divide.h"
#include "attune/selection/plan.h"

namespace attune::selection {

// True: the choice with this plan lies there. With --overwrite what another choice left goes, and nothing else. Errors
// (usage): a file; a folder that is not empty and no choice's; a choice with other options or data.
bool check_choice_folder(const std::filesystem::path& out, const std::string& plan_text, bool overwrite);

// labels.txt, parts/ and, last, plan.json.
void write_plan(const std::filesystem::path& out, const Plan& plan, const std::vector<Division>& divisions);
// Errors (io, input): it is missing or no plan.
Plan read_plan(const std::filesystem::path& out);
Profile read_profile(const std::filesystem::path& path);
// As plan.json, profile.json and verdict.json are written.
std::string plan_text(Plan plan);
std::string profile_text(const Profile& profile);
std::string verdict_text(const Choice& choice);

// Reports, verdict, suspicious rows; `train`: for train.json. verdict.json comes last.
void write_choice(const std::filesystem::path& out, const Choice& choice, train::TrainOptions train);
// What was chosen, for `attune train --config`: without what is of one run alone (--out and its like).
void write_train_config(const std::filesystem::path& path, train::TrainOptions train);
// The pages alone, where the choice has gained its test split.
void write_pages(const std::filesystem::path& out, const Choice& choice);

}  // namespace attune::selection
