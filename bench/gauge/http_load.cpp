// Requests against a server on this machine, and how long their answers take: attune's own or a peer's.
//
//   http_load PORT PATH BODIES.jsonl CONNECTIONS SECONDS         each connection asks again when it is answered
//   http_load PORT PATH BODIES.jsonl CONNECTIONS SECONDS RATE    RATE requests a second on average, at random times
//
// BODIES: a request's body a line, taken in turn. With a RATE a request's time counts from when it should have been
// sent, whether or not a connection was free then, so a server that falls behind cannot hide it. Prints a JSON object:
// requests, errors (status other than 200), per second, milliseconds p50, p90, p99, largest. Ends by itself; only
// 127.0.0.1 is asked.
// clang-format off
#include <utility>  // Asio 1.74 uses std::exchange and does not include it
// clang-format on
#include <algorithm>
#include <boost/asio.hpp>
#include <boost/beast.hpp>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fmt/format.h>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "attune/base/rng.h"

#include "quantile.h"

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Clock = std::chrono::steady_clock;
using attune::bench::quantile;

struct Load {
  std::string path;
  std::vector<std::string> bodies;
  Clock::time_point end;
  double rate = 0;  // 0: as fast as answers come

  asio::io_context context{1};
  std::deque<Clock::time_point> due;  // with a rate: requests that no connection has taken yet
  std::vector<double> times;          // ms
  size_t sent = 0, errors = 0;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Load& load, uint16_t port) : load_(load), socket_(load.context) {
    socket_.connect({asio::ip::address_v4::loopback(), port});
    socket_.set_option(asio::ip::tcp::no_delay(true));
  }

  bool idle() const { return idle_; }

  void take() {
    const auto now = Clock::now();
    if (now >= load_.end) return;
    if (load_.rate > 0) {
      if (load_.due.empty()) return;
      begun_ = load_.due.front();
      load_.due.pop_front();
    } else {
      begun_ = now;
    }
    send();
  }

 private:
  void send() {
    idle_ = false;
    request_ = {http::verb::post, load_.path, 11};
    request_.set(http::field::host, "127.0.0.1");
    request_.set(http::field::content_type, "application/json");
    request_.body() = load_.bodies[load_.sent++ % load_.bodies.size()];
    request_.prepare_payload();
    http::async_write(socket_, request_, [self = shared_from_this()](beast::error_code error, size_t) {
      if (!error) self->receive();
    });
  }

  void receive() {
    answer_ = {};
    http::async_read(socket_, buffer_, answer_, [self = shared_from_this()](beast::error_code error, size_t) {
      if (error) return;
      Load& load = self->load_;
      load.times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - self->begun_).count());
      load.errors += self->answer_.result() != http::status::ok;
      self->idle_ = true;
      self->take();
    });
  }

  Load& load_;
  asio::ip::tcp::socket socket_;
  beast::flat_buffer buffer_;
  http::request<http::string_body> request_;
  http::response<http::string_body> answer_;
  Clock::time_point begun_;
  bool idle_ = true;
};

// Arrivals that do not know of each other: times between them are exponential.
class Arrivals {
 public:
  Arrivals(Load& load, const std::vector<std::shared_ptr<Connection>>& connections)
      : load_(load), connections_(connections), timer_(load.context), next_(Clock::now()) {
    wait();
  }

 private:
  void wait() {
    const double gap = -std::log1p(-static_cast<double>(attune::random_unit(0x6c6f6164, count_++))) / load_.rate;
    next_ += std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(gap));
    if (next_ >= load_.end) return;
    timer_.expires_at(next_);
    timer_.async_wait([this](beast::error_code) {
      load_.due.push_back(next_);
      for (const auto& connection : connections_)
        if (connection->idle()) {
          connection->take();
          break;
        }
      wait();
    });
  }

  Load& load_;
  const std::vector<std::shared_ptr<Connection>>& connections_;
  asio::steady_timer timer_;
  Clock::time_point next_;
  uint32_t count_ = 0;
};

int run(int argc, char** argv) {
  if (argc < 6) {
    std::fputs("usage: http_load PORT PATH BODIES.jsonl CONNECTIONS SECONDS [RATE]\n", stderr);
    return 2;
  }
  Load load;
  load.path = argv[2];
  std::ifstream file(argv[3]);
  for (std::string line; std::getline(file, line);) load.bodies.push_back(line);
  const double seconds = std::min(7200.0, std::atof(argv[5]));
  load.rate = argc > 6 ? std::atof(argv[6]) : 0;
  if (load.bodies.empty()) {
    fmt::print(stderr, "{}: no line in it\n", argv[3]);
    return 1;
  }
  std::vector<std::shared_ptr<Connection>> connections;
  for (int i = 0; i < std::atoi(argv[4]); ++i)
    connections.push_back(std::make_shared<Connection>(load, static_cast<uint16_t>(std::atoi(argv[1]))));
  const auto begin = Clock::now();
  load.end = begin + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  std::unique_ptr<Arrivals> arrivals;
  if (load.rate > 0)
    arrivals = std::make_unique<Arrivals>(load, connections);
  else
    for (const auto& connection : connections) connection->take();
  load.context.run();
  const double took = std::chrono::duration<double>(Clock::now() - begin).count();
  std::sort(load.times.begin(), load.times.end());
  fmt::print(
      "{{\"requests\": {}, \"errors\": {}, \"left\": {}, \"per_second\": {:.1f}, \"p50\": {:.3f}, \"p90\": {:.3f}, "
      "\"p99\": {:.3f}, "
      "\"largest\": {:.3f}}}\n",
      load.times.size(), load.errors, load.due.size(), static_cast<double>(load.times.size()) / took,
      quantile(load.times, 0.5), quantile(load.times, 0.9), quantile(load.times, 0.99), quantile(load.times, 1));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "http_load: {}\n", error.what());
    return 1;
  }
}
