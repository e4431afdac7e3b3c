// Answers requests by the loader that TensorFlow Serving itself calls.
//
//   answer EXPORT SIGNATURE FOLDER...
//
// EXPORT is a version's folder. Each FOLDER holds a request, a serialised TensorProto `<input>.in`
// for each input; the answer goes beside it, `<output>.out`, or else the code and message of the
// error, `error.txt`. All are answered by one session, one after the other.

#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "tensorflow/cc/saved_model/loader.h"
#include "tensorflow/core/framework/tensor.h"
#include "tensorflow/core/framework/tensor.pb.h"
#include "tensorflow/core/public/session_options.h"

namespace {

tensorflow::Tensor Read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  tensorflow::TensorProto proto;
  tensorflow::Tensor tensor;
  if (!proto.ParseFromIstream(&file) || !tensor.FromProto(proto)) {
    std::cerr << "not a tensor: " << path << std::endl;
    std::exit(100);
  }
  return tensor;
}

void Write(const std::filesystem::path& path, const tensorflow::Tensor& tensor) {
  tensorflow::TensorProto proto;
  tensor.AsProtoTensorContent(&proto);
  std::ofstream file(path, std::ios::binary);
  proto.SerializeToOstream(&file);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 101;
  tensorflow::SavedModelBundle bundle;
  const absl::Status loaded =
      tensorflow::LoadSavedModel(tensorflow::SessionOptions(), tensorflow::RunOptions(), argv[1],
                                 {"serve"}, &bundle);
  if (!loaded.ok()) {
    std::cerr << loaded << std::endl;
    return 102;
  }
  const auto found = bundle.GetSignatures().find(argv[2]);
  if (found == bundle.GetSignatures().end()) return 103;
  std::vector<std::string> names, places;
  for (const auto& [name, info] : found->second.outputs()) {
    names.push_back(name);
    places.push_back(info.name());
  }
  for (int i = 3; i < argc; ++i) {
    const std::filesystem::path folder = argv[i];
    std::vector<std::pair<std::string, tensorflow::Tensor>> inputs;
    for (const auto& [name, info] : found->second.inputs()) {
      inputs.emplace_back(info.name(), Read(folder / (name + ".in")));
    }
    std::vector<tensorflow::Tensor> outputs;
    const absl::Status answered = bundle.session->Run(inputs, places, {}, &outputs);
    if (answered.ok()) {
      for (size_t k = 0; k < names.size(); ++k) Write(folder / (names[k] + ".out"), outputs[k]);
    } else {
      std::ofstream(folder / "error.txt") << answered;
    }
  }
  return 0;
}
