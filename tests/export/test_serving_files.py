"""The files beside the model are what TensorFlow Serving and Docker read, and fit each other."""

import importlib.resources
import re
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
from google.protobuf import (
    descriptor_pb2,
    descriptor_pool,
    message_factory,
    text_format,
    wrappers_pb2,  # noqa: F401  (puts Int64Value into the pool)
)

from rmfn_tf.export.contract import ALLOWED_BATCH_SIZES

SERVING = Path(str(importlib.resources.files("rmfn_tf.export"))) / "serving"

# The messages that the PyPI package leaves out, as of tensorflow_serving/servables/tensorflow/
# session_bundle_config.proto and tensorflow_serving/config/monitoring_config.proto.
MESSAGES = """
name: "serving_files.proto" package: "serving_files" syntax: "proto3"
dependency: "google/protobuf/wrappers.proto"
message_type {
  name: "BatchingParameters"
  field { name: "max_batch_size" number: 1 WRAPPED }
  field { name: "batch_timeout_micros" number: 2 WRAPPED }
  field { name: "max_enqueued_batches" number: 3 WRAPPED }
  field { name: "num_batch_threads" number: 4 WRAPPED }
  field { name: "allowed_batch_sizes" number: 6 type: TYPE_INT64 label: LABEL_REPEATED }
  field { name: "pad_variable_length_inputs" number: 7 type: TYPE_BOOL label: LABEL_OPTIONAL }
}
message_type {
  name: "PrometheusConfig"
  field { name: "enable" number: 1 type: TYPE_BOOL label: LABEL_OPTIONAL }
  field { name: "path" number: 2 type: TYPE_STRING label: LABEL_OPTIONAL }
}
message_type {
  name: "MonitoringConfig"
  field {
    name: "prometheus_config" number: 1 type: TYPE_MESSAGE label: LABEL_OPTIONAL
    type_name: ".serving_files.PrometheusConfig"
  }
}
""".replace(
    "WRAPPED",
    'type: TYPE_MESSAGE label: LABEL_OPTIONAL type_name: ".google.protobuf.Int64Value"',
)

# Of tensorflow_model_server, as of tensorflow_serving/model_servers/main.cc.
FLAGS = {
    "port",
    "rest_api_port",
    "model_config_file",
    "model_config_file_poll_wait_seconds",
    "file_system_poll_wait_seconds",
    "allow_version_labels_for_unavailable_models",
    "enable_batching",
    "batching_parameters_file",
    "monitoring_config_file",
}


def parse(name: str, message):
    return text_format.Parse((SERVING / name).read_text(encoding="utf-8"), message)


@pytest.fixture(scope="module")
def messages() -> SimpleNamespace:
    file = text_format.Parse(MESSAGES, descriptor_pb2.FileDescriptorProto())
    pool = descriptor_pool.Default()
    pool.AddSerializedFile(file.SerializeToString())
    names = ("BatchingParameters", "MonitoringConfig")
    return SimpleNamespace(
        **{
            name: message_factory.GetMessageClass(
                pool.FindMessageTypeByName(f"serving_files.{name}")
            )
            for name in names
        }
    )


def the_model(text: str):
    """The one model of a ModelServerConfig."""
    config = pytest.importorskip(
        "tensorflow_serving.config.model_server_config_pb2",
        reason="the extra `serving` is not installed",
    )
    (model,) = text_format.Parse(text, config.ModelServerConfig()).model_config_list.config
    return model


@pytest.fixture(scope="module")
def model():
    return the_model((SERVING / "model.config").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def compose() -> str:
    """compose.yaml without its comments."""
    lines = (SERVING / "compose.yaml").read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("#")) + "\n"


@pytest.fixture(scope="module")
def flags(compose) -> dict[str, str]:
    return dict(re.findall(r"^ +- --(\w+)=(\S+)$", compose, flags=re.MULTILINE))


def test_the_model_and_its_versions(model):
    assert (model.name, model.base_path) == ("rmfn", "/models/rmfn")
    assert model.model_platform == "tensorflow"
    # Two, or a label could not be moved to a version while another still answers.
    assert model.model_version_policy.latest.num_versions == 2
    assert dict(model.version_labels) == {"stable": 1}


def test_the_documented_way_back_is_a_config_of_the_same_model(model):
    docs = Path(__file__).parents[2] / "docs" / "serving.md"
    (text,) = re.findall(r"```protobuf\n(.*?)```", docs.read_text(encoding="utf-8"), re.DOTALL)
    pinned = the_model(text)

    assert (pinned.name, pinned.base_path) == (model.name, model.base_path)
    assert pinned.model_platform == model.model_platform
    served = list(pinned.model_version_policy.specific.versions)
    assert served == [3, 4]
    assert dict(pinned.version_labels) == {"stable": 3, "canary": 4}  # of versions that are served


def test_batches_are_those_of_the_contract(messages):
    batching = parse("batching.config", messages.BatchingParameters())

    assert tuple(batching.allowed_batch_sizes) == ALLOWED_BATCH_SIZES
    assert batching.max_batch_size.value == max(ALLOWED_BATCH_SIZES)  # or no server starts
    assert batching.pad_variable_length_inputs
    for name in ("batch_timeout_micros", "max_enqueued_batches", "num_batch_threads"):
        assert getattr(batching, name).value > 0


def test_prometheus_is_on(messages):
    monitoring = parse("monitoring.config", messages.MonitoringConfig())

    assert monitoring.prometheus_config.enable
    assert monitoring.prometheus_config.path == "/monitoring/prometheus/metrics"


def test_every_flag_is_one_of_the_server(flags):
    assert flags.keys() == FLAGS
    assert flags["enable_batching"] == "true"  # or the batching file is not read
    assert flags["allow_version_labels_for_unavailable_models"] == "true"
    assert int(flags["model_config_file_poll_wait_seconds"]) > 0


def test_every_file_named_is_there(flags, compose):
    for name in ("model_config_file", "batching_parameters_file", "monitoring_config_file"):
        folder, file = Path(flags[name]).parent, Path(flags[name]).name
        assert f"- .:{folder}:ro" in compose
        assert (SERVING / file).is_file()


def test_ports_and_models_are_where_the_server_looks(flags, compose, model):
    assert f"- 127.0.0.1:${{GRPC_PORT:-8500}}:{flags['port']}\n" in compose
    assert f"- 127.0.0.1:${{REST_PORT:-8501}}:{flags['rest_api_port']}\n" in compose
    assert re.search(rf"- \$\{{MODELS:\?[^}}:]+\}}:{Path(model.base_path).parent}:ro\n", compose)


def test_one_service_for_cpu_and_one_for_gpu(compose):
    services = dict(re.findall(r"^  (\w+):\n    <<: \*serving\n((?:    .*\n)+)", compose, re.M))

    assert services.keys() == {"cpu", "gpu"}
    image = r"image: (tensorflow/serving:\$\{TF_SERVING_VERSION:-\d+\.\d+\.\d+\})(-gpu)?\n"
    images = {name: re.search(image, text).groups() for name, text in services.items()}
    assert images["cpu"] == (images["gpu"][0], None)
    assert images["gpu"][1] == "-gpu"
    for name, text in services.items():
        assert f'profiles: ["{name}"]' in text  # or `up` would start both on one port
    order = ("deploy:", "resources:", "reservations:", "devices:", "- driver: nvidia", "[gpu]")
    places = [services["gpu"].index(word) for word in order]
    assert places == sorted(places)
    assert "\t" not in compose


@pytest.mark.parametrize(
    ("status", "answer", "healthy"),
    [
        (200, '{"model_version_status": [{"version": "1", "state": "AVAILABLE"}]}', True),
        (200, '{"model_version_status": [{"version": "1", "state": "LOADING"}]}', False),
        (200, '{"model_version_status": [{"state": "END"}, {"state": "AVAILABLE"}]}', True),
        (404, '{"error": "Could not find any versions of model rmfn"}', False),
    ],
)
@pytest.mark.skipif(shutil.which("bash") is None, reason="the check is written for bash")
def test_health_is_a_version_that_answers(compose, flags, model, status, answer, healthy):
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(answer.encode())

        def log_message(self, *args):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            done = check_health(compose, flags, server.server_address[1])
        finally:
            server.shutdown()
            thread.join()

    assert (done.returncode == 0) == healthy, done.stderr
    assert asked == [f"/v1/models/{model.name}"]


def test_nothing_listening_is_no_health(compose, flags):
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        port = server.server_address[1]

    assert check_health(compose, flags, port).returncode != 0


def check_health(compose: str, flags: dict[str, str], port: int) -> subprocess.CompletedProcess:
    """Run the health check as Docker would, on another port."""
    (folded,) = re.findall(r"- CMD\n +- bash\n +- -c\n +- >-\n((?: {8}.*\n)+)", compose)
    command = " ".join(line.strip() for line in folded.splitlines())
    assert command.count(f"/127.0.0.1/{flags['rest_api_port']} ") == 1
    command = command.replace(f"/{flags['rest_api_port']} ", f"/{port} ")
    return subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False
    )
