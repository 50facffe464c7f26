"""The commands and pins that a fresh machine meets first, tried with stand-ins for Python, Node and make."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from pre_commit.clientlib import load_config

ROOT = Path(__file__).resolve().parent.parent
PINS = {
    canonicalize_name(name): version
    for name, version in re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
}

PYTHON = """#!/bin/sh
if [ "$1" = --version ]; then echo "Python {version}"; exit 0; fi
if [ "$1" = -c ]; then exit {refused}; fi
echo "python $*" >> "$LOG"
if [ "$2" = venv ]; then mkdir -p .venv/bin; cp "$0" .venv/bin/python; cp "$0" .venv/bin/motionfan; fi
"""
NODE = """#!/bin/sh
if [ "$1" = --version ]; then echo v{version}; exit 0; fi
exit {refused}
"""
NPM = """#!/bin/sh
echo "npm $*" >> "$LOG"
case "$*" in
  ci*) mkdir -p node_modules ;;
  *build*) mkdir -p ../backend/server/page; echo page > ../backend/server/page/index.html ;;
esac
"""


class Machine:
    """A copy of the Makefile among empty sources, on a PATH that holds a few plain tools and the stand-ins."""

    def __init__(self, folder: Path) -> None:
        self.home, self.path, self.log = folder / "home", folder / "path", folder / "log"
        for part in (self.path, self.home / "frontend" / "src", self.home / "backend" / "server"):
            part.mkdir(parents=True)
        shutil.copy(ROOT / "Makefile", self.home)
        for name in (
            "pyproject.toml",
            "constraints.txt",
            "frontend/package.json",
            "frontend/package-lock.json",
            "frontend/src/a.ts",
        ):
            (self.home / name).touch()
        for tool in ("sh", "bash", "make", "cat", "cp", "head", "mkdir", "touch", "find", "id", "rm"):
            (self.path / tool).symlink_to(shutil.which(tool))
        self.log.touch()

    def put(self, name: str, text: str) -> None:
        (self.path / name).unlink(missing_ok=True)
        (self.path / name).write_text(text)
        (self.path / name).chmod(0o755)

    def equip(self, python: str = "3.11.7", node: str = "20.19.0") -> None:
        self.put("python3", PYTHON.format(version=python, refused=int(not python.startswith(("3.11", "3.12")))))
        self.put("node", NODE.format(version=node, refused=int(tuple(map(int, node.split("."))) < (20, 19))))
        self.put("npm", NPM)

    def make(self, target: str) -> tuple[int, list[str]]:
        """Run one target; return its exit status and what it printed, without make's own closing line."""
        done = subprocess.run(
            ["make", target],
            cwd=self.home,
            env={"PATH": str(self.path), "LOG": str(self.log)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return done.returncode, [line for line in done.stdout.splitlines() if not line.startswith("make: ***")]

    def did(self) -> list[str]:
        lines = self.log.read_text().splitlines()
        self.log.write_text("")
        return lines


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def test_the_demo_installs_builds_and_serves_and_the_second_time_only_serves(machine):
    machine.equip()
    status, words = machine.make("demo")
    assert status == 0 and len(words) == 4 and all(line.endswith("...") for line in words)
    steps = machine.did()
    assert steps[0] == "python -m venv .venv"
    assert "pip install" in steps[1] and steps[1].endswith("-c constraints.txt -e .")
    assert [step.split(" --")[0] for step in steps[2:]] == ["npm ci", "npm run", "python serve"]
    assert machine.make("demo") == (0, [])
    assert machine.did() == ["python serve"]


@pytest.mark.parametrize(
    ("changed", "again"),
    [("constraints.txt", "pip install"), ("frontend/src/a.ts", "npm run"), ("frontend/package-lock.json", "npm ci")],
)
def test_only_what_depends_on_a_changed_file_is_done_again(machine, changed, again):
    machine.equip()
    machine.make("demo")
    machine.did()
    ahead = (machine.home / changed).stat().st_mtime + 5
    os.utime(machine.home / changed, (ahead, ahead))
    assert machine.make("demo")[0] == 0
    steps = machine.did()
    assert again in steps[0] and len(steps) <= 3 and steps[-1] == "python serve"


def test_what_the_tests_installed_serves_the_demo_too(machine):
    machine.equip()
    machine.put("chromium", "#!/bin/sh\n")
    assert machine.make("test")[0] == 0
    steps = machine.did()
    assert steps[1].endswith("-e .[dev]") and steps[-2:] == ["npm test --silent", "python -m pytest -n 2 --dist loadfile"]
    machine.make("demo")
    assert machine.did() == ["python serve"]


@pytest.mark.parametrize("version", ["3.10.13", "3.13.0", "2.7.18"])
def test_a_wrong_python_is_told_in_one_sentence_and_nothing_is_made(machine, version):
    machine.equip(python=version)
    status, words = machine.make("demo")
    assert status != 0 and machine.did() == [] and not (machine.home / ".venv").exists()
    assert words == [f"MotionFan needs Python 3.11 or 3.12 with its venv module, but Python {version} was found."]


def test_a_right_python_is_found_beside_a_wrong_one(machine):
    machine.equip(python="3.13.0")
    machine.put("python3.12", PYTHON.format(version="3.12.1", refused=0))
    status, words = machine.make("demo")
    assert status == 0 and "Python 3.12.1" in words[0]


@pytest.mark.parametrize("version", ["18.20.4", "20.10.0"])
def test_a_wrong_node_is_told_in_one_sentence_before_anything_is_installed(machine, version):
    machine.equip(node=version)
    status, words = machine.make("demo")
    assert status != 0 and machine.did() == []
    assert words == [f"MotionFan needs Node.js 20.19 or newer to build its page, but v{version} was found."]


def test_missing_python_and_node_are_told_as_well(machine):
    machine.equip()
    (machine.path / "python3").unlink()
    assert machine.make("demo")[1] == ["MotionFan needs Python 3.11 or 3.12 with its venv module, but no Python was found."]
    (machine.path / "node").unlink()
    assert machine.make("demo")[1] == ["MotionFan needs Node.js 20.19 or newer to build its page, but no Node.js was found."]


@pytest.mark.parametrize("fails", ["npm", "python"])
def test_python_and_page_are_both_tested_whichever_fails(machine, fails):
    machine.equip()
    machine.put("chromium", "#!/bin/sh\n")
    machine.make("test")
    machine.did()
    place = machine.path / "npm" if fails == "npm" else machine.home / ".venv/bin/python"
    place.write_text(place.read_text() + "exit 1\n")
    assert machine.make("test")[0] != 0
    assert machine.did() == ["npm test --silent", "python -m pytest -n 2 --dist loadfile"]


def test_a_missing_chromium_is_told_to_those_who_may_not_install_it(machine):
    machine.equip()
    machine.put("id", "#!/bin/sh\necho 1000\n")
    status, words = machine.make("test")
    assert status != 0 and words[-1].startswith("The browser tests need Chromium: install it")
    assert "python -m pytest" not in machine.did()


def test_clean_removes_what_make_made_and_nothing_else(machine):
    before = sorted(machine.home.rglob("*"))
    machine.equip()
    machine.make("demo")
    assert machine.make("clean")[0] == 0
    assert sorted(machine.home.rglob("*")) == before


@pytest.mark.parametrize("fails", ["nothing", "test", "lint", "test-other-python"])
def test_ci_runs_tests_and_linters_whatever_fails_and_says_what_happened(tmp_path, fails):
    shutil.copytree(ROOT / ".ci", tmp_path / ".ci")
    (tmp_path / "Makefile").write_text(
        "test:\n\t@echo '== 12 passed in 3.21s =='\n\t@[ $(FAILS) != test ]\nlint:\n\t@echo clean\n\t@[ $(FAILS) != lint ]\n"
        "test-other-python:\n\t@echo '3.12 is not here'\n\t@[ $(FAILS) != test-other-python ]\n"
    )
    done = subprocess.run([tmp_path / ".ci/run"], capture_output=True, text=True, env={**os.environ, "FAILS": fails})
    assert done.returncode == int(fails != "nothing")
    closing, test, lint, other = done.stdout.splitlines()[-4:]
    assert closing == "== 12 passed in 3.21s =="
    assert test.startswith(f"{'FAILED' if fails == 'test' else 'passed'}  make test")
    assert lint.startswith(f"{'FAILED' if fails == 'lint' else 'passed'}  make lint")
    assert other.startswith(f"{'FAILED' if fails == 'test-other-python' else 'passed'}  make test-other-python")


def test_every_requirement_is_pinned_within_its_range():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for text in project["dependencies"] + project["optional-dependencies"]["dev"]:
        requirement = Requirement(text)
        assert requirement.specifier.contains(PINS[canonicalize_name(requirement.name)]), text


def test_pins_are_exact_and_plain_and_hold_what_keeps_pip_from_searching():
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert len(lines) == len(PINS) and all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines)
    assert {name: PINS[name] for name in ("torch", "jax", "jaxlib", "opencv-contrib-python", "mediapipe")} == {
        "torch": "2.13.0",
        "jax": "0.7.1",
        "jaxlib": "0.7.1",
        "opencv-contrib-python": "4.11.0.86",
        "mediapipe": "0.10.21",
    }


def test_no_file_of_dependencies_names_a_registry():
    for name in (
        "constraints.txt",
        "pyproject.toml",
        "Makefile",
        "Dockerfile",
        "docker-compose.yml",
        ".env",
        "frontend/.npmrc",
    ):
        text = (ROOT / name).read_text()
        assert not re.search(r"index-url|find-links|registry\s*=|https?://(?!127\.0\.0\.1|localhost)", text), name
    assert '"resolved"' not in (ROOT / "frontend/package-lock.json").read_text()


def test_the_page_can_be_installed_on_every_platform_from_its_lock_file():
    """Npm refuses a lock file that lacks packages of other platforms."""
    packages = yaml.safe_load((ROOT / "frontend/package-lock.json").read_text())["packages"]
    for name, package in packages.items():
        for needed in package.get("optionalDependencies", {}):
            assert f"node_modules/{needed}" in packages or f"{name}/node_modules/{needed}" in packages, needed


def test_pre_commit_uses_the_installed_tools_only():
    config = load_config(ROOT / ".pre-commit-config.yaml")
    assert {repo["repo"] for repo in config["repos"]} == {"local"}


def test_compose_runs_one_service_by_default_and_publishes_one_port_of_each_profile_on_loopback():
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    assert "COMPOSE_PROFILES=cpu\n" in (ROOT / ".env").read_text()
    profiles = {"cpu": ["cpu"], "gpu": ["gpu"], "cluster": ["head", "models", "server", "proxy"]}
    for profile, members in profiles.items():
        assert [name for name, service in services.items() if service["profiles"] == [profile]] == members
        (ports,) = [services[name]["ports"] for name in members if "ports" in services[name]]
        assert ports == ["${MOTIONFAN_BIND:-127.0.0.1}:${MOTIONFAN_PORT:-8000}:8000"]
    assert set(services) == {name for members in profiles.values() for name in members}
    for service in services.values():
        assert service["read_only"] and service["cap_drop"] == ["ALL"] and service["mem_limit"] and service["healthcheck"]
        assert service["pids_limit"] and service["security_opt"] == ["no-new-privileges:true"]


def test_members_of_the_cluster_talk_in_a_network_of_their_own_with_a_token_and_report_nothing():
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    assert compose["networks"]["members"] == {"internal": True}
    for name in ("head", "models", "server"):
        service = compose["services"][name]
        assert "ports" not in service and "members" in service["networks"]
        environment = service["environment"]
        assert environment["RAY_AUTH_MODE"] == "token" and environment["RAY_AUTH_TOKEN"] == "${RAY_AUTH_TOKEN:-}"
        assert environment["RAY_USAGE_STATS_ENABLED"] == "0"


def test_the_image_listens_on_the_published_port_and_copies_what_exists():
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert "MOTIONFAN_HOST=0.0.0.0 MOTIONFAN_PORT=8000" in dockerfile
    for source in re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile, re.MULTILINE):
        for name in source.split():
            assert name == "README.md" or (ROOT / name).exists(), name


def test_this_python_is_one_that_the_project_supports():
    assert (3, 11) <= sys.version_info[:2] <= (3, 12)
