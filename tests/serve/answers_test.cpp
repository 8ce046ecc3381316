#include "attune/serve/answers.h"

#include <gtest/gtest.h>

#include "attune/serve/counters.h"
#include "attune/serve/routes.h"

namespace attune::serve {
namespace {

std::string base64_of(const std::string& text) {
  return base64({reinterpret_cast<const unsigned char*>(text.data()), text.size()});
}

// RFC 4648, section 10.
TEST(Answers, Base64) {
  EXPECT_EQ(base64_of(""), "");
  EXPECT_EQ(base64_of("f"), "Zg==");
  EXPECT_EQ(base64_of("fo"), "Zm8=");
  EXPECT_EQ(base64_of("foo"), "Zm9v");
  EXPECT_EQ(base64_of("foob"), "Zm9vYg==");
  EXPECT_EQ(base64_of("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64_of("\xff\xff\xfe"), "///+");
}

TEST(Answers, VectorsAreTheShortestDecimalsOfTheirFloats) {
  const Vectors vectors{.values = {0.1f, -1.0f, 1e-7f, 0.33333334f}, .width = 2};
  EXPECT_EQ(embed_body(vectors), "[[0.1,-1],[1e-07,0.33333334]]");
  const auto parsed = nlohmann::json::parse(embed_body(vectors));
  EXPECT_EQ(parsed[1][1].get<float>(), 0.33333334f);
}

TEST(Answers, OpenAisList) {
  const Vectors vectors{.values = {0.5f, 2.0f}, .width = 2};
  EXPECT_EQ(openai_body(vectors, false, "m\"x", 7),
            R"({"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.5,2]}],"model":"m\"x",)"
            R"("usage":{"prompt_tokens":7,"total_tokens":7}})");
  EXPECT_NE(openai_body(vectors, true, "m", 7).find(R"("embedding":"AAAAPwAAAEA=")"), std::string::npos);
}

TEST(Answers, ErrorsSpeakTheInterfacesLanguage) {
  const Refusal why{.fault = Fault::overloaded, .message = "full", .retry_after = 3};
  const http::Response tei = response(why, dialect_of("/embed")), openai = response(why, dialect_of("/v1/embeddings"));
  EXPECT_EQ(tei.status, 429);
  EXPECT_EQ(tei.body, R"({"error":"full","error_type":"Overloaded"})");
  EXPECT_EQ(tei.headers.at(0), (std::pair<std::string, std::string>("Retry-After", "3")));
  EXPECT_EQ(openai.body, R"({"error":{"message":"full","type":"rate_limit_error","param":null,"code":null}})");
}

TEST(Counters, CumulativeBuckets) {
  Histogram histogram;
  histogram.add(0.0003), histogram.add(0.003), histogram.add(100);
  std::string out;
  histogram.write(out, "t", "m=\"/x\"");
  EXPECT_NE(out.find("t_bucket{m=\"/x\",le=\"0.0002\"} 0\n"), std::string::npos) << out;
  EXPECT_NE(out.find("t_bucket{m=\"/x\",le=\"0.0005\"} 1\n"), std::string::npos);
  EXPECT_NE(out.find("t_bucket{m=\"/x\",le=\"10\"} 2\n"), std::string::npos);
  EXPECT_NE(out.find("t_bucket{m=\"/x\",le=\"+Inf\"} 3\n"), std::string::npos);
  EXPECT_NE(out.find("t_count{m=\"/x\"} 3\n"), std::string::npos);
}

TEST(Counters, OneTypeAMetric) {
  Counters counters;
  counters.add(
      {.route = "/embed", .status = 200, .total = 0.002, .queue = 0.0001, .inference = 0.001, .rows = 2, .tokens = 30});
  counters.add({.route = "/embed", .status = 429, .total = 0.0001});
  const std::string text = counters.text();
  EXPECT_NE(text.find("te_request_count{method=\"/embed\",status=\"200\"} 1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("te_request_count{method=\"/embed\",status=\"429\"} 1\n"), std::string::npos);
  EXPECT_NE(text.find("attune_tokens_total{method=\"/embed\"} 30\n"), std::string::npos);
  EXPECT_NE(text.find("te_request_queue_duration_count{method=\"/embed\"} 1\n"), std::string::npos);
  const size_t type = text.find("# TYPE te_request_duration histogram");
  EXPECT_NE(type, std::string::npos);
  EXPECT_EQ(text.find("# TYPE te_request_duration histogram", type + 1), std::string::npos);
}

TEST(OpenApi, DescribesTheRoutesThatThereAre) {
  const auto document = nlohmann::json::parse(openapi_json());
  size_t described = 0;
  for (const auto& [path, methods] : document["paths"].items()) described += methods.size();
  EXPECT_EQ(described, route_list().size());
  for (const Route& route : route_list()) {
    std::string method = route.method;
    for (char& c : method) c = static_cast<char>(c | 0x20);
    ASSERT_TRUE(document["paths"].contains(route.path)) << route.path;
    const auto& operation = document["paths"][route.path][method];
    EXPECT_TRUE(operation.is_object()) << method << " " << route.path;
    EXPECT_EQ(operation.contains("security"), route.access != Route::Access::open) << route.path;
  }
}

}  // namespace
}  // namespace attune::serve
