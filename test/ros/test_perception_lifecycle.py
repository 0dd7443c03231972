import threading
import time

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetAvailableTransitions, GetState
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter
from ros_bench import Bench, entities

from rgbt_perception.config import parameters
from rgbt_perception.errors import InputError
from rgbt_perception.hosting import loading

SUCCESS, FAILURE = TransitionCallbackReturn.SUCCESS, TransitionCallbackReturn.FAILURE


def cycle(rig):
    node = rig.perception
    for step in ("configure", "activate", "deactivate", "cleanup"):
        assert rig.ask(getattr(node, f"trigger_{step}")) == SUCCESS


def test_topics_exist_only_while_it_is_active(bench):
    rig = bench()

    def names():
        return {name for name, _ in rig.node.get_topic_names_and_types()}

    node = rig.perception
    assert rig.ask(node.trigger_configure) == SUCCESS
    assert not names() & {"/rgb/image", "/perception/depth/image"}
    assert rig.ask(node.trigger_activate) == SUCCESS
    rig.until(lambda: names() >= {"/rgb/image", "/perception/depth/image", "/tf_static"})
    assert rig.ask(node.trigger_deactivate) == SUCCESS
    rig.until(lambda: not names() & {"/rgb/image", "/perception/depth/image"})


def test_a_cycle_leaves_nothing_and_can_be_repeated(bench):
    rig = bench()
    rig.listen("status")
    rig.extrinsics()
    cycle(rig)
    before, threads = entities(rig.perception), threading.active_count()
    for _ in range(3):
        cycle(rig)
    assert entities(rig.perception) == before
    assert threading.active_count() == threads
    rig.advertise()
    rig.start()
    rig.matched()
    rig.feed_until(lambda: rig.both())


def test_activation_that_fails_half_way_leaves_nothing(bench):
    # Taken by the last of the subscriptions: all others exist by then.
    rig = bench({"qos_overrides./rig.subscription.reliability": "sometimes"})
    assert rig.ask(rig.perception.trigger_configure) == SUCCESS
    before, threads = entities(rig.perception), threading.active_count()
    assert rig.ask(rig.perception.trigger_activate) != SUCCESS
    assert entities(rig.perception) == before
    assert threading.active_count() == threads


def test_shutdown_from_active_frees_everything(bench):
    rig = bench()
    before = threading.active_count()
    rig.start()
    assert rig.ask(rig.perception.trigger_shutdown) == SUCCESS
    assert threading.active_count() == before


@pytest.mark.parametrize("fault", ["missing", "corrupt"])
def test_configuring_fails_with_the_reason(bench, tmp_path, capfd, fault):
    model = tmp_path / "model.onnx"
    if fault == "corrupt":
        model.write_bytes(b"no network")
    rig = bench({"engine.name": "onnxruntime", "engine.depth_model": str(model)})
    rig.listen_diagnostics()
    rig.matched()
    assert rig.ask(rig.perception.trigger_configure) == FAILURE
    assert str(model) in capfd.readouterr().err
    rig.until(lambda: any(str(model) in s.message for s in rig.statuses("") if s.level == b"\2"))
    # It stays unconfigured and tells the same again.
    assert rig.ask(rig.perception.trigger_configure) == FAILURE


def test_configuring_without_enough_memory_fails_with_the_reason(bench, monkeypatch, capfd):
    def no_room(config, progress):
        raise MemoryError("no room")

    monkeypatch.setattr(loading, "make_engine", no_room)
    rig = bench()
    assert rig.ask(rig.perception.trigger_configure) == FAILURE
    assert "no room" in capfd.readouterr().err
    monkeypatch.undo()
    rig.start()


def test_rig_file_that_cannot_be_used_is_named(bench, tmp_path, capfd):
    path = tmp_path / "rig.yaml"
    path.write_text("rgb: 1")
    rig = bench({"rig": str(path)})
    assert rig.ask(rig.perception.trigger_configure) == FAILURE
    assert str(path) in capfd.readouterr().err


def test_a_manager_takes_it_through_its_states_by_service(bench):
    rig = bench()
    client = rig.node.create_client(ChangeState, "/perception/change_state")
    rig.until(client.service_is_ready)
    for step in ("configure", "activate", "deactivate", "cleanup"):
        request = ChangeState.Request()
        request.transition.label = step
        future = client.call_async(request)
        rig.until(future.done)
        assert future.result().success, step


class Manager:
    """Asks as a lifecycle manager does."""

    def __init__(self, rig):
        self.rig = rig
        self.clients = {
            kind: rig.node.create_client(kind, f"/perception/{name}")
            for kind, name in (
                (ChangeState, "change_state"),
                (GetState, "get_state"),
                (GetAvailableTransitions, "get_available_transitions"),
            )
        }
        rig.until(lambda: all(client.service_is_ready() for client in self.clients.values()))

    def ask(self, kind, asked=""):
        request = kind.Request()
        if isinstance(asked, int):
            request.transition.id = asked
        elif asked:
            request.transition.label = asked
        return self.clients[kind].call_async(request)

    def answer(self, future):
        self.rig.until(future.done)
        return future.result()

    def state(self):
        return self.answer(self.ask(GetState)).current_state.label

    def possible(self):
        found = self.answer(self.ask(GetAvailableTransitions)).available_transitions
        return {item.transition.label for item in found}


@pytest.fixture
def slow_engine(monkeypatch):
    """Engines are loaded when this is set, and not before."""
    make, goes_on = loading.make_engine, threading.Event()

    def slowly(config, progress):
        goes_on.wait(30)
        return make(config, progress)

    monkeypatch.setattr(loading, "make_engine", slowly)
    yield goes_on
    goes_on.set()


def test_it_is_configuring_until_the_engine_is_there_and_answers_meanwhile(
    bench, slow_engine, capfd
):
    rig = bench()
    manager = Manager(rig)
    ask, answer = manager.ask, manager.answer
    configured = ask(ChangeState, "configure")
    rig.until(lambda: manager.state() == "configuring")
    assert change(rig, ("output.cloud_stride", 4)).successful
    for label in ("configure", "activate", "cleanup"):
        assert not answer(ask(ChangeState, label)).success
    assert not configured.done()
    told = capfd.readouterr().err
    assert "transition cleanup while configuring; only shutdown is possible before" in told
    slow_engine.set()
    assert answer(configured).success
    assert manager.state() == "inactive"
    assert "shutdown" in manager.possible()
    assert not answer(ask(ChangeState, "configure")).success
    assert "transition configure while inactive (" in capfd.readouterr().err
    assert answer(ask(ChangeState, "activate")).success


@pytest.mark.parametrize("autostart", [False, True])
@pytest.mark.parametrize("asked", ["shutdown", Transition.TRANSITION_UNCONFIGURED_SHUTDOWN])
def test_shutdown_does_not_wait_for_what_is_being_loaded(bench, slow_engine, autostart, asked):
    rig = bench({"autostart": autostart})
    manager = Manager(rig)
    configured = None if autostart else manager.ask(ChangeState, "configure")
    rig.until(lambda: manager.state() == "configuring")
    assert "shutdown" in manager.possible()
    assert manager.answer(manager.ask(ChangeState, asked)).success
    assert manager.state() == "finalized"
    assert configured is None or not manager.answer(configured).success
    assert loading.still_loading()
    slow_engine.set()
    rig.until(lambda: not loading.still_loading())
    # What came in the end was not kept.
    assert rig.perception._pipeline is None
    assert manager.state() == "finalized"
    assert not manager.answer(manager.ask(ChangeState, asked)).success


def test_destroyed_while_it_loads_it_gives_up(monkeypatch, capfd):
    ended = threading.Event()
    monkeypatch.setattr(loading, "make_engine", lambda *given: ended.wait(30))
    rig = Bench({"autostart": True})
    rig.until(loading.still_loading)
    rig.close()
    assert "given up while the engine was loading" in capfd.readouterr().err
    ended.set()
    rig.until(lambda: not loading.still_loading())


def test_starts_by_itself_when_asked_to(bench):
    rig = bench({"autostart": True})
    rig.listen("depth/image")
    rig.extrinsics()
    rig.advertise()
    rig.matched()
    rig.feed_until(lambda: rig.got["depth/image"])


# Parameters


def test_every_parameter_is_declared_with_its_description_and_range(bench):
    node = bench({"engine.name": "auto"}).perception
    for spec in parameters():
        described = node.describe_parameter(spec.name)
        assert described.description.startswith(spec.help), spec.name
        assert described.read_only == spec.read_only, spec.name
        limits = [*described.floating_point_range, *described.integer_range]
        if spec.low is not None and spec.high is not None:
            assert (limits[0].from_value, limits[0].to_value) == (spec.low, spec.high), spec.name
        if spec.name != "output.cloud_stride":
            assert node.get_parameter(spec.name).value == spec.default, spec.name


def change(rig, *changes):
    given = [Parameter(name, value=value) for name, value in changes]
    return rig.ask(lambda: rig.perception.set_parameters_atomically(given))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ([("pairing.tolerance_s", 5.0)], ["pairing.tolerance_s", "1.0"]),
        ([("pairing.tolerance_s", 1)], ["DOUBLE"]),
        ([("engine.name", "onnxruntime")], ["engine.name", "read-only"]),
        ([("thermal.normalization", "magic")], ["thermal.normalization", "clahe"]),
        ([("output.min_depth_m", 9.0), ("output.max_depth_m", 8.0)], ["output.max_depth_m"]),
    ],
)
def test_bad_change_is_refused_with_the_reason(bench, changes, words):
    rig = bench()
    rig.start()
    before = rig.perception.config
    result = change(rig, *changes)
    assert not result.successful
    for word in words:
        assert word in result.reason
    assert rig.perception.config == before


def test_change_takes_effect_while_it_runs(bench):
    rig = bench({"output.cloud_stride": 2})
    rig.ready("points", "status")
    rig.feed_until(lambda: rig.got["points"])
    assert rig.got["points"][-1].width == 20
    assert change(rig, ("output.cloud_stride", 4)).successful
    rig.feed_until(lambda: rig.got["points"][-1].width == 10)
    assert change(rig, ("pairing.tolerance_s", 0.001)).successful
    count = len(rig.modes)
    rig.feed(20)
    assert not rig.both(count + 2)


def test_change_while_inactive_holds_after_activation(bench):
    rig = bench()
    assert rig.ask(rig.perception.trigger_configure) == SUCCESS
    assert change(rig, ("output.cloud_stride", 4)).successful
    rig.listen("points")
    rig.extrinsics()
    rig.advertise()
    assert rig.ask(rig.perception.trigger_activate) == SUCCESS
    rig.matched()
    rig.feed_until(lambda: rig.got["points"])
    assert rig.got["points"][-1].width == 10


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("pairing.tolerance_s", 1, "a number with a point such as 0.025"),
        ("pairing.tolerance_s", 5.0, "1.0"),
        ("thermal.normalization", "magic", "clahe"),
    ],
)
def test_bad_parameter_at_the_start_is_one_line(name, value, expected):
    with pytest.raises(InputError) as caught:
        Bench({name: value})
    assert name in str(caught.value)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


def test_unknown_parameter_at_the_start_is_warned_of(bench, capfd):
    bench({"pairing.tolerence_s": 0.02})
    time.sleep(0.1)
    assert "pairing.tolerence_s" in capfd.readouterr().err
