#include "attune/selection/report/json.h"

#include <nlohmann/json.hpp>

#include "attune/base/utf8.h"
#include "attune/selection/report/words.h"

namespace attune::selection {
namespace {

using Json = nlohmann::ordered_json;

constexpr auto* number = metrics::json_number<Json>;

std::string safe(std::string_view text) {
  return utf8::repaired(text);
}

// Null where there is nothing to say.
Json perhaps(const std::string& text) {
  return text.empty() ? Json() : Json(safe(text));
}

Json texts(const std::vector<std::string>& all) {
  Json out = Json::array();
  for (const std::string& each : all) out.push_back(safe(each));
  return out;
}

Json interval(double low, double high) {
  return Json::array({number(low), number(high)});
}

Json interval(const std::optional<metrics::Interval>& known) {
  return known && known->defined() ? interval(known->low, known->high) : Json();
}

template <class All, class One>
Json array(const All& all, const One& one) {
  Json out = Json::array();
  for (const auto& each : all) out.push_back(one(each));
  return out;
}

Json run_json(const RunFigures& run) {
  return {{"name", safe(run.name)},
          {"loss", safe(run.loss)},
          {"purpose", safe(run.purpose)},
          {"rate", number(run.rate)},
          {"epochs", number(run.epochs)},
          {"seed", run.seed},
          {"plain", number(run.plain)},
          {"corrected", number(run.corrected)},
          {"correction", perhaps(run.correction)},
          {"seconds", number(run.seconds)},
          {"failed", run.failed},
          {"failure", perhaps(run.failure)}};
}

Json race_json(const RaceLine& line) {
  return {{"arm", safe(line.arm)},
          {"upper_layers_only", line.upper},
          {"value", number(line.value)},
          {"difference", number(line.difference)},
          {"interval_by_rows", interval(line.low, line.high)},
          {"shrunk", number(line.shrunk)},
          {"finalist", line.finalist},
          {"failed", line.failed}};
}

Json class_json(const ClassChange& change) {
  return {{"label", safe(change.label)},
          {"rows", change.rows},
          {"first", number(change.first)},
          {"second", number(change.second)}};
}

Json row_json(const ChangedRow& row) {
  return {{"place", safe(row.place)},
          {"gold", safe(row.gold)},
          {"first", safe(row.first)},
          {"second", safe(row.second)},
          {"blocks", row.blocks}};
}

Json judgement_json(const Choice& choice, const Judgement& judged) {
  Json json = {{"first", safe(judged.first)}, {"second", safe(judged.second)}, {"same_runs", judged.same_runs}};
  report::Compared told = compared(choice, judged);
  told.first = safe(told.first), told.second = safe(told.second);
  json.update(report::verdict_json(told));
  json["blocks"] = report::blocks_json(judged.seen);
  json["gained"] = judged.gained;
  json["lost"] = judged.lost;
  json["classes"] = array(judged.classes, class_json);
  json["changed"] = array(judged.changed, row_json);
  json["notes"] = texts(judged.seen.notes);
  return json;
}

constexpr FigureUnit kUnits[] = {FigureUnit::count, FigureUnit::share, FigureUnit::ratio, FigureUnit::bits,
                                 FigureUnit::number};

const char* name(FigureUnit unit) {
  constexpr const char* kNames[] = {"count", "share", "ratio", "bits", "number"};
  return kNames[static_cast<size_t>(unit)];
}

Json figure_json(const Figure& figure) {
  return {{"name", safe(figure.name)},
          {"title", safe(figure.title)},
          {"value", number(figure.value)},
          {"unit", name(figure.unit)},
          {"n", figure.n},
          {"interval", interval(figure.interval)},
          {"note", perhaps(figure.note)}};
}

Json suspicious_json(const SuspiciousRow& row) {
  return {{"place", safe(row.place)},
          {"reason", safe(row.reason)},
          {"suspicion", number(row.suspicion)},
          {"label", perhaps(row.label)},
          {"expected", perhaps(row.expected)}};
}

Json ruling_json(const Ruling& ruling) {
  const Rule* rule = ruling.rule;
  const auto text = [&](const char* Rule::*which) { return rule && rule->*which ? perhaps(rule->*which) : Json(); };
  Json measured = Json::array();
  if (rule)
    for (const MeasuredGain& gain : rule->measured)
      measured.push_back(
          {{"data", gain.on.data}, {"date", gain.on.date}, {"points", gain.points}, {"error", gain.error}});
  return {{"loss", safe(ruling.loss)},
          {"standing", name(ruling.standing)},
          {"why", perhaps(ruling.why)},
          {"strength", rule ? Json(name(rule->strength)) : Json()},
          {"evidence", text(&Rule::evidence)},
          {"source", text(&Rule::source)},
          {"calibrated", rule ? perhaps(calibrated(*rule)) : Json()},
          {"measured", measured},
          {"price", rule ? number(rule->price) : Json()}};
}

Json outlook_json(const Outlook& outlook) {
  return {{"what", safe(outlook.what)},
          {"runs", number(outlook.runs)},
          {"seconds", number(outlook.seconds)},
          {"visible_difference", number(outlook.visible)},
          {"chance_undecided", number(outlook.undecided)}};
}

Json test_json(const Choice::Test& test) {
  return {{"file", safe(test.file)},
          {"rows", test.rows},
          {"plain", number(test.plain)},
          {"chosen", number(test.chosen)},
          {"interval", interval(test.interval)}};
}

}  // namespace

Json head_json(const HeadTrial& trial) {
  return {{"loss", safe(trial.loss)},
          {"of", safe(trial.of)},
          {"head", trial.deep ? "mlp" : "linear"},
          {"value", number(trial.value)},
          {"difference", number(trial.difference)},
          {"interval_by_rows", interval(trial.low, trial.high)},
          {"failed", trial.failed}};
}

Json to_json(const Profile& profile) {
  return {{"figures", array(profile.figures(), figure_json)},
          {"heads", array(profile.heads, head_json)},
          {"warnings", texts(profile.warnings)},
          {"suspicious", array(profile.suspicious, suspicious_json)},
          {"seconds", number(profile.seconds)}};
}

Json to_json(const Choice& choice) {
  return {{"sentence", safe(choice.sentence)},
          {"loss", perhaps(choice.loss)},
          {"rate_times", number(choice.rate_times)},
          {"loss_is_proven", choice.loss_is_proven},
          {"corrections_pay", choice.corrections_pay},
          {"corrections_taken", choice.corrections_taken},
          {"correction", perhaps(choice.correction)},
          {"model", safe(choice.model)},
          {"task", safe(choice.task)},
          {"metric", safe(choice.metric)},
          {"plain_loss", safe(choice.plain_loss)},
          {"files", texts(choice.files)},
          {"worth", number(choice.worth)},
          {"level", number(choice.level)},
          {"budget", number(choice.budget)},
          {"strict", choice.strict},
          {"rows", {{"pool", choice.pool_rows}, {"train", choice.train_rows}, {"judge", choice.judge_rows}}},
          {"plan", perhaps(choice.plan)},
          {"judgements", array(choice.judgements, [&](const auto& each) { return judgement_json(choice, each); })},
          {"race", array(choice.race, race_json)},
          {"runs", array(choice.runs, run_json)},
          {"seconds", number(choice.seconds)},
          {"profile", to_json(choice.profile)},
          {"rulings", array(choice.rulings, ruling_json)},
          {"outlook", choice.outlook ? outlook_json(*choice.outlook) : Json()},
          {"test", choice.test ? test_json(*choice.test) : Json()},
          {"notes", texts(choice.notes)}};
}

Profile profile_from_json(const nlohmann::json& json) {
  Profile profile;
  const auto number = [](const nlohmann::json& value) {
    return value.is_null() ? metrics::kUndefined : value.get<double>();
  };
  const auto text = [](const nlohmann::json& value) { return value.is_null() ? "" : value.get<std::string>(); };
  for (const auto& each : json.at("figures")) {
    Figure figure{
        .name = each.at("name"), .title = each.at("title"), .value = number(each.at("value")), .n = each.at("n")};
    for (const FigureUnit unit : kUnits)
      if (each.at("unit") == name(unit)) figure.unit = unit;
    if (!each.at("interval").is_null())
      figure.interval = metrics::Interval{number(each.at("interval")[0]), number(each.at("interval")[1])};
    figure.note = text(each.at("note"));
    profile.set(std::move(figure));
  }
  for (const auto& each : json.value("heads", nlohmann::json::array())) {
    const auto& interval = each.at("interval_by_rows");
    profile.heads.push_back({.loss = each.at("loss"),
                             .of = each.at("of"),
                             .deep = each.at("head") == "mlp",
                             .value = number(each.at("value")),
                             .difference = number(each.at("difference")),
                             .low = interval.is_null() ? metrics::kUndefined : number(interval.at(0)),
                             .high = interval.is_null() ? metrics::kUndefined : number(interval.at(1)),
                             .failed = each.at("failed")});
  }
  for (const auto& each : json.at("warnings")) profile.warnings.push_back(each);
  for (const auto& each : json.at("suspicious"))
    profile.suspicious.push_back({.place = each.at("place"),
                                  .reason = each.at("reason"),
                                  .suspicion = number(each.at("suspicion")),
                                  .label = text(each.at("label")),
                                  .expected = text(each.at("expected"))});
  profile.seconds = json.value("seconds", 0.0);
  return profile;
}

}  // namespace attune::selection
