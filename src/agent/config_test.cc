#include "agent/config.h"

#include <gtest/gtest.h>

#include <fstream>

#include "agent/discovery.h"
#include "support/temp_folder.h"

namespace stele::agent {
namespace {

class AgentConfig : public ::testing::Test {
 protected:
  Status read(const std::string& yaml) {
    std::ofstream(folder_.path("agent.yaml")) << yaml;
    config_ = {};
    return read_config_file(folder_.path("agent.yaml"), config_);
  }
  std::string complaint(const std::string& yaml) {
    const Status status = read(yaml);
    return status ? "" : status.error().message.substr(folder_.path("").size());
  }

  testing::TempFolder folder_;
  Config config_;
};

// Goal: the template is a configuration, and its values are those without one.
TEST_F(AgentConfig, template_is_valid) {
  ASSERT_TRUE(read(config_template()));
  EXPECT_EQ(config_.url, Config{}.url);
  EXPECT_EQ(config_.spool_bytes, Config{}.spool_bytes);
  EXPECT_TRUE(config_.discover);
  EXPECT_TRUE(check_config(config_));
}

TEST_F(AgentConfig, lists_and_maps_are_read) {
  ASSERT_TRUE(
      read("files:\n- /a/*.log\n- {path: /b, format: event, begin: end}\njournal: {directory: /j}\n"
           "sockets:\n- {path: /s, type: datagram, mode: \"0600\"}\n"));
  ASSERT_EQ(config_.files.size(), 2U);
  EXPECT_EQ(config_.files[0].path, "/a/*.log");
  EXPECT_TRUE(config_.files[1].from_end);
  EXPECT_EQ(config_.journal_directory, "/j");
  EXPECT_TRUE(config_.journal);
  EXPECT_TRUE(config_.sockets[0].datagram);
  EXPECT_EQ(config_.sockets[0].mode, 0600U);
}

// Goal: what is wrong is named with its line.
TEST_F(AgentConfig, errors_name_the_line) {
  EXPECT_EQ(complaint("url: http://x\nurll: y\n").substr(0, 33), "agent.yaml:2: unknown key \"urll\";");
  EXPECT_EQ(complaint("files:\n- path: /a\n  begin: middle\n"), "agent.yaml:3: begin is end or start");
  EXPECT_EQ(complaint("files:\n- {format: line}\n"), "agent.yaml:2: a path is missing");
  EXPECT_EQ(complaint("spool_bytes: 5\n").substr(0, 44), "agent.yaml:1: spool_bytes is a whole number ");
  EXPECT_EQ(complaint("url: a\nurl: b\n"), "agent.yaml:2: url stands twice");
  EXPECT_NE(complaint("url: [\n"), "");
  ASSERT_TRUE(read("spool: /s\nfiles: [{path: /a, format: nonsense}]\n"));
  EXPECT_FALSE(check_config(config_));
  ASSERT_TRUE(read("spool: /s\nfiles: [relative]\n"));
  EXPECT_FALSE(check_config(config_));
}

// Goal: what is there is found with its format, what may not be read is named with the remedy.
TEST_F(AgentConfig, discovery_finds_what_is_there) {
  const std::string root = folder_.path();
  std::filesystem::create_directories(root + "/var/log/audit");
  std::filesystem::create_directories(root + "/var/log/nginx");
  std::ofstream(root + "/var/log/syslog") << "x\n";
  std::ofstream(root + "/var/log/audit/audit.log") << "x\n";
  std::ofstream(root + "/var/log/nginx/access.log") << "x\n";
  std::filesystem::create_directories(root + "/var/log/secure");  // a folder is no log
  const Discovery found = discover(root, "stele");
  EXPECT_FALSE(found.journal);
  ASSERT_EQ(found.files.size(), 3U);
  EXPECT_EQ(found.files[0].format, "line");
  EXPECT_EQ(found.files[1].format, "auditd");
  EXPECT_EQ(found.files[2].format, "access-log");
  EXPECT_TRUE(found.unreadable.empty());
}

}  // namespace
}  // namespace stele::agent
