import hashlib

import pytest

from weir.errors import MissingPart
from weir.jars import PINNED, JarGroup, jars, pinned_groups, wrong_jars


def a_group(**contents):
    sha256 = {f"{name}.jar": hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    return JarGroup("group", "org.example:thing:1", sha256)


def a_folder(path, **contents):
    for name, content in contents.items():
        (path / f"{name}.jar").write_bytes(content)
    return path


def test_jars_with_their_pinned_hash_are_right(tmp_path):
    assert wrong_jars(a_group(a=b"1", b=b"2"), a_folder(tmp_path, a=b"1", b=b"2")) == []


def test_changed_jar_is_wrong(tmp_path):
    assert wrong_jars(a_group(a=b"1", b=b"2"), a_folder(tmp_path, a=b"1", b=b"3")) == ["b.jar"]


def test_missing_jar_is_wrong(tmp_path):
    assert wrong_jars(a_group(a=b"1", b=b"2"), a_folder(tmp_path, a=b"1")) == ["b.jar"]


def test_empty_cache_names_the_command_that_fills_it(tmp_path):
    with pytest.raises(MissingPart) as missing:
        jars("kafka", tmp_path)
    assert missing.value.remedy == "Run `weir fetch`."


def test_every_pinned_jar_has_a_complete_hash():
    hashes = [digest for group in pinned_groups().values() for digest in group.sha256.values()]
    assert len(hashes) > 40
    assert all(len(bytes.fromhex(digest)) == 32 for digest in hashes)


def test_pinned_file_names_no_repository():
    assert "://" not in PINNED.read_text()


def test_each_version_has_its_own_folder(tmp_path):
    one, two = (JarGroup("kafka", f"org.apache.kafka:kafka_2.13:{version}", {}) for version in ("4.1.0", "4.1.1"))
    assert one.folder(tmp_path) != two.folder(tmp_path)
