#include "attune/serve/service.h"

#include <future>
#include <gtest/gtest.h>

#include "attune/base/files.h"

#include "tests/http/client.h"
#include "tests/serve/served_models.h"

namespace attune::serve {
namespace {

using nlohmann::json;

// A service on a port of its own, with two tiny models.
class ServiceTest : public testing::Test {
 protected:
  void begin(ServeOptions options = {}) {
    service_ = std::make_unique<Service>(
        options, 1, Service::Log{.note = [this](const std::string& line) { log_ += line + "\n"; }});
    service_->models().put(serve_test::make_classifier(folder_ / "grades", "grades"));
    service_->models().put(serve_test::make_scorer(folder_ / "score", "score"));
    server_ = std::make_unique<http::Server>(*service_, http::Limits{});
    service_->start(*server_);
    port_ = server_->listen("127.0.0.1", 0);
    thread_ = std::thread([this] { server_->run(); });
  }
  ~ServiceTest() override {
    if (!thread_.joinable()) return;
    server_->stop(std::chrono::seconds(5));
    thread_.join();
    service_->stop();
    server_.reset();  // its last callbacks speak to the service
  }

  struct Answer {
    int status = 0;
    std::string head, text;
    json body = nullptr;
  };
  Answer ask(const std::string& method, const std::string& path, const std::string& body = "",
             const std::string& more = "") {
    http_test::Client client(port_);
    client.send(
        fmt::format("{} {} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{}\r\n{}",
                    method, path, body.size(), more, body));
    const std::string raw = client.answer();
    Answer answer;
    if (raw.size() < 12) return answer;
    answer.status = std::stoi(raw.substr(9, 3));
    answer.head = raw.substr(0, raw.find("\r\n\r\n"));
    answer.text = raw.substr(answer.head.size() + 4);
    answer.body = json::parse(answer.text, nullptr, false);
    return answer;
  }
  Answer post(const std::string& path, const json& body) { return ask("POST", path, body.dump()); }

  const test::TempFolder folder_;
  std::string log_;
  std::unique_ptr<Service> service_;
  std::unique_ptr<http::Server> server_;
  uint16_t port_ = 0;
  std::thread thread_;
};

TEST_F(ServiceTest, PredictSortsLabelsByScore) {
  begin();
  const Answer one = post("/predict", {{"inputs", "w1 w2 w3"}});
  ASSERT_EQ(one.status, 200) << one.text;
  double sum = 0, last = 2;
  for (const json& label : one.body) {
    EXPECT_LE(label["score"], last);
    last = label["score"], sum += last;
  }
  EXPECT_NEAR(sum, 1, 1e-6);
  const Answer batch = post("/predict", {{"inputs", {{"w1 w2 w3"}, {"w9"}}}});
  EXPECT_EQ(batch.body[0], one.body) << "the same alone and in company";
  EXPECT_NE(one.head.find("x-attune-model: grades"), std::string::npos) << one.head;
  EXPECT_NE(one.head.find("x-compute-tokens: 5"), std::string::npos) << one.head;
}

TEST_F(ServiceTest, RerankOrdersTexts) {
  begin();
  const json body{{"query", "w1"}, {"texts", {"w2 w3", "w50", "w90 w1"}}, {"return_text", true}, {"raw_scores", true}};
  const Answer answer = post("/rerank", body);
  ASSERT_EQ(answer.status, 200) << answer.text;
  ASSERT_EQ(answer.body.size(), 3u);
  EXPECT_GE(answer.body[0]["score"], answer.body[1]["score"]);
  for (const json& rank : answer.body) EXPECT_EQ(rank["text"], body["texts"][rank["index"].get<size_t>()]);
}

TEST_F(ServiceTest, LinesAreThoseOfPredict) {
  begin();
  const Answer answer = post("/v1/predict", {{"inputs", {"w1 w2", "w3"}}, {"model", "grades"}});
  ASSERT_EQ(answer.status, 200) << answer.text;
  EXPECT_EQ(answer.body["model"], "grades");
  EXPECT_EQ(answer.body["sha256"].get<std::string>().size(), 64u);
  EXPECT_EQ(answer.body["results"].size(), 2u);
  EXPECT_TRUE(answer.body["results"][1].contains("probabilities"));
}

TEST_F(ServiceTest, RefusesInTheRightWords) {
  begin();
  const auto refused = [&](const Answer& answer, int status, const std::string& what) {
    EXPECT_EQ(answer.status, status) << answer.text;
    EXPECT_NE(answer.text.find(what), std::string::npos) << answer.text;
  };
  refused(ask("GET", "/nothing"), 404, "openapi.json");
  refused(ask("GET", "/predict"), 405, "does not take GET");
  refused(ask("POST", "/predict", "{"), 400, "JSON");
  refused(post("/predict", {{"inputs", ""}}), 400, "cannot be empty");
  refused(post("/predict", {{"inputs", 3}}), 422, "expected a text");
  refused(post("/predict", {{"inputs", "w1"}, {"model", "grade"}}), 404, "did you mean 'grades'");
  refused(post("/embed", {{"inputs", "w1"}}), 424, "no model is served here that gives vectors");
  refused(post("/rerank", {{"query", "w1"}, {"texts", {"w1"}}, {"model", "grades"}}), 424, "task 'classify'");
  refused(post("/v1/tag", {{"inputs", "w1"}}), 424, "tags words");
  refused(post("/v1/predict", {{"inputs", "w1"}, {"modle", "grades"}}), 422, "did you mean 'model'");
  refused(ask("PUT", "/v1/models/x", "{}"), 404, "--admin-token-file");
  std::string many = "w1";
  for (int i = 0; i < 600; ++i) many += " w2";
  refused(post("/predict", {{"inputs", many}}), 413, "truncate");
  EXPECT_EQ(post("/predict", {{"inputs", many}, {"truncate", true}}).status, 200);
  EXPECT_EQ(post("/v1/predict", {{"inputs", many}}).status, 200);
  EXPECT_EQ(log_.find("w1"), std::string::npos) << "texts are not logged";
}

TEST_F(ServiceTest, OtherTypesAreRefusedBeforeTheyAreRead) {
  begin();
  http_test::Client client(port_);
  client.send("POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 1000\r\n\r\n");
  EXPECT_EQ(client.answer().rfind("HTTP/1.1 415", 0), 0u);
}

TEST_F(ServiceTest, TokensGuardAllButThreeRoutes) {
  write_file_atomically(folder_ / "tokens", "abcdefghijklmnop\n");
  ServeOptions options;
  options.token_file = (folder_ / "tokens").string();
  begin(options);
  for (const char* open : {"/", "/health", "/openapi.json"}) EXPECT_EQ(ask("GET", open).status, 200) << open;
  for (const char* guarded : {"/info", "/metrics", "/v1/models"}) EXPECT_EQ(ask("GET", guarded).status, 401) << guarded;
  const Answer no = post("/predict", {{"inputs", "w1"}});
  EXPECT_EQ(no.status, 401);
  EXPECT_NE(no.head.find("WWW-Authenticate: Bearer"), std::string::npos);
  EXPECT_EQ(ask("GET", "/info", "", "Authorization: Bearer abcdefghijklmnop\r\n").status, 200);
}

TEST_F(ServiceTest, ModelsAreReplacedWhileTheyAnswer) {
  write_file_atomically(folder_ / "admin", "abcdefghijklmnop\n");
  ServeOptions options;
  options.admin_token_file = (folder_ / "admin").string();
  options.model_root = folder_.path().string();
  options.precision = "f32";  // as the fixture opened its two
  begin(options);
  const std::string token = "Authorization: Bearer abcdefghijklmnop\r\n";
  EXPECT_EQ(ask("PUT", "/v1/models/grades", "{}").status, 401);
  const Answer again = ask("PUT", "/v1/models/grades", "{}", token);
  EXPECT_EQ(again.status, 200) << again.text;
  EXPECT_EQ(again.body["sha256"], service_->models().find("grades")->hash());

  const Answer outside = ask("PUT", "/v1/models/x", R"({"folder": "../../etc"})", token);
  EXPECT_EQ(outside.status, 422);
  EXPECT_NE(outside.text.find("below the server's --model-root"), std::string::npos) << outside.text;

  write_file_atomically(folder_ / "grades" / "config.json", "{ broken");
  const Answer broken = ask("PUT", "/v1/models/grades", "{}", token);
  EXPECT_EQ(broken.status, 422);
  EXPECT_NE(broken.text.find("config.json"), std::string::npos) << broken.text;
  EXPECT_EQ(post("/predict", {{"inputs", "w1"}}).status, 200) << "the old one goes on";

  const Answer added = ask("PUT", "/v1/models/second", R"({"folder": "score"})", token);
  EXPECT_EQ(added.status, 200) << added.text;
  const json listed = ask("GET", "/v1/models").body["data"];
  EXPECT_EQ(listed.size(), 3u);
  EXPECT_EQ(listed[2]["encoder_sha256"], listed[1]["encoder_sha256"]);
  EXPECT_NE(ask("GET", "/metrics").text.find("attune_models 3\n"), std::string::npos);
  // (The fixture opened its two by themselves; the third found one of them.)
  EXPECT_NE(ask("GET", "/metrics").text.find("attune_encoders 2\n"), std::string::npos);
  EXPECT_EQ(ask("DELETE", "/v1/models/second", "", token).body["deleted"], true);
  EXPECT_EQ(ask("DELETE", "/v1/models/second", "", token).status, 404);
}

TEST_F(ServiceTest, AFullQueueSaysWhenToComeBack) {
  ServeOptions options;
  options.queue_tokens = 8;
  options.batch_delay_ms = 500;  // the first request waits for company, and so is found waiting
  begin(options);
  auto first = std::async(std::launch::async, [&] { return post("/predict", {{"inputs", "w1 w2 w3 w4"}}).status; });
  while (ask("GET", "/metrics").text.find("te_queue_size 1\n") == std::string::npos &&
         first.wait_for(std::chrono::seconds(0)) == std::future_status::timeout)
    std::this_thread::yield();
  const Answer refused = post("/predict", {{"inputs", {{"w1"}, {"w2 w3 w4"}, {"w5 w6 w7 w8"}}}});
  EXPECT_EQ(refused.status, 429) << refused.text;
  EXPECT_NE(refused.head.find("Retry-After: "), std::string::npos);
  EXPECT_EQ(first.get(), 200);
}

TEST_F(ServiceTest, TellsOfItself) {
  begin();
  const Answer info = ask("GET", "/info");
  EXPECT_EQ(info.body["model_id"], "grades");
  EXPECT_TRUE(info.body["model_type"]["classifier"]["id2label"].is_object()) << info.text;
  post("/predict", {{"inputs", "w1"}});
  const Answer metrics = ask("GET", "/metrics");
  EXPECT_NE(metrics.text.find("te_request_count{method=\"/predict\",status=\"200\"} 1\n"), std::string::npos)
      << metrics.text;
  EXPECT_NE(metrics.head.find("text/plain; version=0.0.4"), std::string::npos);
  EXPECT_NE(ask("GET", "/").text.find("attune serve"), std::string::npos);
  EXPECT_EQ(ask("HEAD", "/health").status, 200);
}

}  // namespace
}  // namespace attune::serve
