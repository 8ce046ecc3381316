#include "attune/http/server.h"

#include <atomic>
#include <gtest/gtest.h>
#include <memory>
#include <mutex>
#include <thread>

#include "tests/base/expect_error.h"
#include "tests/http/client.h"

namespace attune::http {
namespace {

using http_test::Client;
using namespace std::chrono_literals;

// Answers with what it got; /later answers when it is told to, from another thread; /dropped never.
class Echo final : public Handler {
 public:
  bool refuses(const Head& head, Response& answer) override {
    if (head.path != "/forbidden") return false;
    answer = {.status = 401, .body = "no"};
    return true;
  }
  void handle(Request request, Reply reply) override {
    if (request.head.path == "/later") {
      const std::lock_guard lock(mutex_);
      later_.push_back(std::move(reply));
      ++waiting;
      return;
    }
    if (request.head.path == "/dropped") return;
    if (request.head.path == "/twice")
      reply({.body = "first"}), reply({.body = "second"});
    else
      reply({.body = request.head.method + " " + request.head.path + " " + request.body, .headers = {{"X-Own", "1"}}});
  }
  Response refusal(int status, const std::string& what) override {
    return {.status = status, .body = "refused: " + what};
  }

  void answer_later() {
    const std::lock_guard lock(mutex_);
    for (Reply& reply : later_) reply({.body = "late"});
    later_.clear();
  }
  std::atomic<int> waiting = 0;

 private:
  std::mutex mutex_;
  std::vector<Reply> later_;
};

class ServerTest : public testing::Test {
 protected:
  void begin(const Limits& limits = {}) {
    server_ = std::make_unique<Server>(echo_, limits);
    port_ = server_->listen("127.0.0.1", 0);
    thread_ = std::thread([this] { server_->run(); });
  }
  void end() {
    if (!thread_.joinable()) return;
    server_->stop(1s);
    thread_.join();
  }
  ~ServerTest() override {
    echo_.answer_later();
    end();
  }
  void await_waiting(int count) {
    while (echo_.waiting < count) std::this_thread::sleep_for(1ms);
  }

  Echo echo_;
  std::unique_ptr<Server> server_;
  uint16_t port_ = 0;
  std::thread thread_;
};

constexpr const char* kPost = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello";

bool begins(const std::string& text, const std::string& with) {
  return text.rfind(with, 0) == 0;
}
bool ends(const std::string& text, const std::string& with) {
  return text.size() >= with.size() && text.compare(text.size() - with.size(), with.size(), with) == 0;
}

TEST_F(ServerTest, AConnectionIsUsedAgain) {
  begin();
  Client client(port_);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(client.send(kPost));
    const std::string answer = client.answer();
    EXPECT_TRUE(begins(answer, "HTTP/1.1 200 OK\r\n")) << answer;
    EXPECT_NE(answer.find("X-Own: 1\r\n"), std::string::npos) << answer;
    EXPECT_TRUE(ends(answer, "POST /echo hello")) << answer;
  }
}

TEST_F(ServerTest, RequestsSentAtOnceAreAnsweredInOrder) {
  begin();
  Client client(port_);
  client.send("GET /a?x=1 HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n" + std::string(kPost));
  EXPECT_TRUE(ends(client.answer(), "GET /a "));
  EXPECT_TRUE(ends(client.answer(), "GET /b "));
  EXPECT_TRUE(ends(client.answer(), "POST /echo hello"));
}

TEST_F(ServerTest, BodiesInChunksAndClientsThatAskFirst) {
  begin();
  Client client(port_);
  client.send("POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  EXPECT_TRUE(ends(client.answer(), "POST /c abcde"));
  client.send("POST /e HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(client.answer(false), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("ok");
  EXPECT_TRUE(ends(client.answer(), "POST /e ok"));
}

TEST_F(ServerTest, ALastChunkMayComeByteByByte) {
  begin();
  Client client(port_);
  for (const char* bytes : {"POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n", "X",
                            ":", " y\r\n", "\r", "\n"}) {
    ASSERT_TRUE(client.send(bytes));
    std::this_thread::sleep_for(20ms);
  }
  EXPECT_TRUE(ends(client.answer(), "POST /c a"));
}

TEST_F(ServerTest, HeadGetsNoBody) {
  begin();
  Client client(port_);
  client.send("HEAD /h HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string answer = client.answer(false);
  EXPECT_NE(answer.find("Content-Length: 8\r\n"), std::string::npos) << answer;
  client.send(kPost);
  EXPECT_TRUE(ends(client.answer(), "POST /echo hello"));
}

TEST_F(ServerTest, WhatClosesAfterOneRequestSaysSo) {
  begin();
  Client client(port_);
  client.send("GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_NE(client.answer().find("Connection: close\r\n"), std::string::npos);
  EXPECT_TRUE(client.is_closed());
}

TEST_F(ServerTest, ABodyOverTheLimitIsRefusedUnread) {
  begin({.body = 100});
  Client declared(port_);
  declared.send("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000000\r\n\r\n");
  const std::string answer = declared.answer();
  EXPECT_TRUE(begins(answer, "HTTP/1.1 413 ")) << answer;
  EXPECT_TRUE(ends(answer, "refused: the body is larger than the 100 bytes that this server takes")) << answer;
  Client chunked(port_);
  chunked.send("POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n200\r\n" + std::string(512, 'a') +
               "\r\n0\r\n\r\n");
  EXPECT_TRUE(begins(chunked.answer(), "HTTP/1.1 413 "));
}

TEST_F(ServerTest, AClientThatStillSendsGetsItsRefusal) {
  begin({.body = 1000});
  Client client(port_);
  const std::string large(500000, 'a');
  client.send("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n\r\n" + large);
  EXPECT_TRUE(begins(client.answer(), "HTTP/1.1 413 "));
  EXPECT_TRUE(client.is_closed());
}

TEST_F(ServerTest, WhoMayNotIsToldBeforeTheBody) {
  begin();
  Client client(port_);
  client.send("POST /forbidden HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n");
  EXPECT_TRUE(begins(client.answer(), "HTTP/1.1 401 "));
}

TEST_F(ServerTest, ALongHeadIsRefused) {
  begin({.header = 2000});
  Client client(port_);
  client.send("GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + std::string(5000, 'a') + "\r\n\r\n");
  EXPECT_TRUE(begins(client.answer(), "HTTP/1.1 431 "));
}

TEST_F(ServerTest, WhatIsNoHttpIsRefused) {
  begin();
  for (const char* bytes :
       {"\x16\x03\x01\x02", "hello\r\n\r\n", "GET /\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
        "GET / HTTP/1.1\r\nbroken field\r\n\r\n", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
    Client client(port_);
    client.send(bytes);
    client.end_sending();
    const std::string answer = client.answer();
    EXPECT_TRUE(begins(answer, "HTTP/1.1 400 ") || answer.empty()) << bytes << "\n" << answer;
  }
  Client well(port_);
  well.send(kPost);
  EXPECT_TRUE(ends(well.answer(), "hello"));
}

TEST_F(ServerTest, SlowClientsAreCutOff) {
  begin({.head = 100ms, .content = 100ms, .idle = 100ms});
  Client head(port_), body(port_), idle(port_);
  head.send("GET / HT");
  body.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhe");
  const std::string slow_head = head.answer(), slow_body = body.answer();
  EXPECT_TRUE(begins(slow_head, "HTTP/1.1 408 ")) << slow_head;
  EXPECT_TRUE(ends(slow_head, "the request's head did not come in time"));
  EXPECT_TRUE(ends(slow_body, "the request's body did not come in time")) << slow_body;
  EXPECT_TRUE(idle.is_closed());
}

TEST_F(ServerTest, AByteAtATimeStillHasToBeInTime) {
  begin({.head = 200ms});
  Client client(port_);
  const std::string slow = "GET /abcdefghijklmnopqrstuvwxyz HTTP/1.1\r\n";
  const auto start = std::chrono::steady_clock::now();
  for (const char c : slow) {
    if (!client.send(std::string(1, c))) break;
    std::this_thread::sleep_for(20ms);
    if (std::chrono::steady_clock::now() - start > 600ms) break;
  }
  EXPECT_TRUE(begins(client.answer(), "HTTP/1.1 408 "));
}

TEST_F(ServerTest, ConnectionsBeyondTheLimitAreTurnedAway) {
  begin({.connections = 2});
  Client first(port_), second(port_);
  first.send(kPost), second.send(kPost);
  EXPECT_FALSE(first.answer().empty());
  EXPECT_FALSE(second.answer().empty());
  {
    Client third(port_);
    EXPECT_TRUE(begins(third.answer(), "HTTP/1.1 503 "));
    EXPECT_TRUE(third.is_closed());
  }
  first.close();
  std::string answer;
  for (int i = 0; i < 200 && !begins(answer, "HTTP/1.1 200 "); ++i) {
    std::this_thread::sleep_for(10ms);
    Client again(port_);
    again.send(kPost);
    answer = again.answer();
  }
  EXPECT_TRUE(begins(answer, "HTTP/1.1 200 ")) << answer;
}

TEST_F(ServerTest, AnswersComeFromOtherThreadsToo) {
  begin();
  Client client(port_);
  client.send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
  await_waiting(1);
  echo_.answer_later();
  EXPECT_TRUE(ends(client.answer(), "late"));
}

TEST_F(ServerTest, AReplyCountsOnceAndADroppedOneIsAnError) {
  begin();
  Client client(port_);
  client.send("GET /twice HTTP/1.1\r\nHost: x\r\n\r\nGET /dropped HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(ends(client.answer(), "first"));
  EXPECT_TRUE(begins(client.answer(), "HTTP/1.1 500 "));
}

TEST_F(ServerTest, ClientsThatLeaveHarmNobody) {
  begin();
  for (int i = 0; i < 20; ++i) {
    Client client(port_);
    client.send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  await_waiting(20);
  echo_.answer_later();
  Client half(port_);
  half.send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
  half.end_sending();
  await_waiting(21);
  echo_.answer_later();
  EXPECT_TRUE(ends(half.answer(), "late"));
}

TEST_F(ServerTest, StoppingLetsRequestsAtHandFinish) {
  begin();
  Client idle(port_), busy(port_);
  idle.send(kPost);
  idle.answer();
  busy.send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
  await_waiting(1);
  server_->stop(5s);
  EXPECT_TRUE(idle.is_closed());
  EXPECT_FALSE(Client(port_).connected());
  echo_.answer_later();
  const std::string answer = busy.answer();
  EXPECT_TRUE(ends(answer, "late")) << answer;
  EXPECT_NE(answer.find("Connection: close"), std::string::npos);
  thread_.join();
}

TEST_F(ServerTest, StoppingDoesNotWaitForEver) {
  begin();
  Client busy(port_);
  busy.send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
  await_waiting(1);
  server_->stop(50ms);
  thread_.join();
  EXPECT_TRUE(busy.is_closed());
}

TEST(Server, SaysWhatIsWrongWithAnAddress) {
  Echo echo;
  Server first(echo, {}), second(echo, {});
  const uint16_t port = first.listen("127.0.0.1", 0);
  EXPECT_ERROR(ErrorKind::io, second.listen("127.0.0.1", port), "is another server running there?");
  EXPECT_ERROR(ErrorKind::usage, second.listen("everywhere", 0), "'everywhere' is no IP address");
  EXPECT_ERROR(ErrorKind::io, second.listen("203.0.113.7", 0), "cannot listen at 203.0.113.7");
}

}  // namespace
}  // namespace attune::http
