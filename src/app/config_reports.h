#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "codec/config/node.h"
#include "features/compliance/catalogue.h"
#include "features/compliance/evidence.h"
#include "features/compliance/report_schedule.h"

namespace gatehouse::app {

// A report that is made by itself. Immutable.
struct ReportPlan {
  std::string name;  // of the folder that its reports go to
  std::shared_ptr<const features::compliance::Framework> framework;
  features::compliance::Scope scope;  // without a period
  std::string scope_text;             // for people, "" for everything
  features::compliance::ReportSchedule schedule;
  std::string zone;  // for people
  std::string folder;
  std::size_t keep = 0;  // how many of them; 0: all
};

// The section `reports`. Problems are noted on the tree; `files` gets what is read beside it.
std::vector<ReportPlan> ReadReports(const codec::config::Node& node, std::vector<std::string>& files);

// "exchanges of org 12, model m"; "" for all.
std::string TextOf(const features::compliance::Scope& scope);

}  // namespace gatehouse::app
