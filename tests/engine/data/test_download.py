"""A small dataset is published by a server of our own, in a thread, on this computer."""

import errno
import gzip
import hashlib
import socket
import ssl
import threading
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import numpy as np
import pytest

from engine.data import download as module
from engine.data import transfer
from engine.data.dataset import Cancelled, silent
from engine.data.download import adopt, download, offer
from engine.data.families import FAMILIES, Family, RemoteFile
from engine.problems import ProblemError
from engine.project.sources import BundledDigits, FashionMnist, Kmnist, KnownSource, Mnist

NAMES = {"train-images": 3, "train-labels": 1, "t10k-images": 3, "t10k-labels": 1}


class Tiny(KnownSource):
    """A known dataset that is small enough to be served in no time."""

    type: str = "tiny"
    title = "Tiny"
    help = ""
    input_shape = (1, 20, 20)
    class_names = ("a", "b")
    train_size = 200
    test_size = 50


class Server(ThreadingHTTPServer):
    """Serves files, and misbehaves as it is told to."""

    daemon_threads = True

    def __init__(self, files):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.requests = files, []
        self.misbehave = []  # one entry a request: a status, or ("cut", bytes), or "stall"
        self.ranges = True
        self.released = threading.Event()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}/"


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *arguments):
        pass

    def do_GET(self):
        name, wanted = self.path.strip("/"), self.headers.get("Range")
        self.server.requests.append((name, wanted))
        fault = self.server.misbehave.pop(0) if self.server.misbehave else None
        if isinstance(fault, int) or name not in self.server.files:
            return self.send_error(fault or 404)
        if fault == "stall":
            return self.server.released.wait(10)
        data = self.server.files[name]
        start = (
            int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.server.ranges else 0
        )
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        end = fault[1] if fault else len(data)
        return self.wfile.write(data[start:end])


@pytest.fixture(scope="module")
def files(idx_bytes):
    noise = np.random.default_rng(0)
    shapes = {"train": (200, 20, 20), "t10k": (50, 20, 20)}
    arrays = {
        f"{name}-idx{dims}-ubyte.gz": noise.integers(
            0, 2, shapes[name.split("-")[0]][:dims], np.uint8
        )
        for name, dims in NAMES.items()
    }
    return {name: gzip.compress(idx_bytes(array)) for name, array in arrays.items()}


@pytest.fixture
def server(files):
    server = Server(dict(files))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.released.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def family(files, monkeypatch):
    remote = tuple(
        RemoteFile(name, hashlib.md5(data).hexdigest(), len(data)) for name, data in files.items()
    )
    monkeypatch.setitem(FAMILIES, Tiny, Family("Tiny", "", ("https://unused.invalid/",), remote))
    monkeypatch.setattr(module, "SPARE", 100)
    return remote


@pytest.fixture
def fetch(server, tmp_path):
    """Download Tiny from the server without waiting between attempts; returns its folder."""

    def run(progress=silent, opener=urlopen):
        download(
            Tiny(),
            tmp_path,
            progress,
            mirror=server.address,
            opener=opener,
            wait=lambda seconds: None,
        )
        return tmp_path / "Tiny" / "raw"

    return run


def refused(fetch, words, **options):
    with pytest.raises(ProblemError, match=words) as caught:
        fetch(**options)
    assert "use files I already have" in str(caught.value)


def leftovers(tmp_path):
    return sorted(path.name for path in (tmp_path / "Tiny" / "raw").iterdir())


def failing(error):
    def opener(request, timeout):
        raise error

    return opener


def test_all_files_arrive_under_their_names(fetch, files):
    folder = fetch()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == files


def test_progress_counts_bytes_up_to_the_total(fetch, files):
    seen = []
    fetch(lambda done, total: seen.append((done, total)))
    assert seen == sorted(seen)
    assert seen[-1] == (sum(map(len, files.values())),) * 2


def test_what_is_there_is_not_fetched_again(fetch, server):
    fetch()
    server.requests.clear()
    fetch()
    assert server.requests == []


def test_a_damaged_file_is_fetched_again_in_either_form(fetch, server, files):
    folder = fetch()
    (folder / "train-images-idx3-ubyte").write_bytes(b"cut off by an interrupted unpacking")
    server.requests.clear()
    fetch()
    assert [name for name, _ in server.requests] == ["train-images-idx3-ubyte.gz"]
    assert {path.name for path in folder.iterdir()} == set(files)


def test_a_broken_connection_is_resumed_where_it_broke_off(fetch, server, files):
    server.misbehave = [("cut", 3000)]
    assert (fetch() / "train-images-idx3-ubyte.gz").read_bytes() == files[
        "train-images-idx3-ubyte.gz"
    ]
    assert server.requests[1] == ("train-images-idx3-ubyte.gz", "bytes=3000-")


def test_a_server_without_ranges_is_asked_from_the_start(fetch, server, files):
    server.misbehave, server.ranges = [("cut", 3000)], False
    assert (fetch() / "train-images-idx3-ubyte.gz").read_bytes() == files[
        "train-images-idx3-ubyte.gz"
    ]


def test_a_later_download_goes_on_where_an_earlier_one_failed(fetch, server):
    server.misbehave = [("cut", 3000), 503, 503]
    refused(fetch, "answered 503")
    server.requests.clear()
    fetch()
    assert server.requests[0] == ("train-images-idx3-ubyte.gz", "bytes=3000-")


def test_a_wrong_beginning_is_thrown_away_and_fetched_anew(fetch, tmp_path):
    raw = tmp_path / "Tiny" / "raw"
    raw.mkdir(parents=True)
    (raw / "train-images-idx3-ubyte.gz.part").write_bytes(b"something else")
    assert len(list(fetch().iterdir())) == 4


def test_a_beginning_longer_than_the_file_is_thrown_away(fetch, tmp_path, server, files):
    raw = tmp_path / "Tiny" / "raw"
    raw.mkdir(parents=True)
    (raw / "train-images-idx3-ubyte.gz.part").write_bytes(bytes(10_000_000))
    server.misbehave = [416]
    fetch()
    assert leftovers(tmp_path) == sorted(files)


def test_a_server_that_recovers_is_retried(fetch, server):
    server.misbehave = [503, 500]
    assert len(list(fetch().iterdir())) == 4


def test_a_missing_file_is_not_retried(fetch, server):
    del server.files["train-images-idx3-ubyte.gz"]
    refused(fetch, r"127\.0\.0\.1:\d+ answered 404 \(Not Found\) instead of sending http")
    assert len(server.requests) == 1


def test_a_server_that_does_not_answer_is_given_up(fetch, server, monkeypatch):
    monkeypatch.setattr(transfer, "TIMEOUT", 0.1)
    server.misbehave = ["stall"] * 3
    refused(fetch, r"did not answer within 0\.1 seconds")
    assert len(server.requests) == 3


def test_a_server_that_always_breaks_off_says_how_far_it_came(fetch, server):
    server.ranges = False
    server.misbehave = [("cut", 3000)] * 3
    refused(fetch, r"broke off: only 3,000 of [\d,]+ bytes arrived")


def test_other_content_is_refused_and_removed(fetch, server, tmp_path):
    server.files["train-images-idx3-ubyte.gz"] = gzip.compress(b"an error page")
    refused(fetch, r"sent something else than train-images\S+ of Tiny: its checksum is wrong")
    assert leftovers(tmp_path) == []


def test_endless_content_is_cut_off(fetch, server, tmp_path):
    server.files["train-images-idx3-ubyte.gz"] += bytes(500_000)
    refused(fetch, "sends more than .* bytes for http")
    assert leftovers(tmp_path) == []


def test_cancelling_leaves_nothing_half_done(fetch, tmp_path):
    def cancel(done, total):
        if done:
            raise Cancelled

    with pytest.raises(Cancelled):
        fetch(cancel)
    assert leftovers(tmp_path) == []


def test_cancelling_is_heard_while_waiting_for_another_attempt(fetch, server, tmp_path):
    server.misbehave = [("cut", 3000)]
    reports = []

    def cancel_at_the_second_report_of_the_same(done, total):
        if done in reports:
            raise Cancelled
        reports.append(done)

    with pytest.raises(Cancelled):
        fetch(cancel_at_the_second_report_of_the_same)
    assert len(server.requests) == 1
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (URLError(socket.gaierror(-3, "x")), "was not found: is this computer connected"),
        (URLError(ConnectionRefusedError(111, "Connection refused")), "connection refused"),
        (URLError(OSError(101, "Network is unreachable")), "network is unreachable"),
        (URLError(TimeoutError("timed out")), "did not answer within 20 seconds"),
        (ConnectionResetError(104, "Connection reset by peer"), "connection reset by peer"),
    ],
)
def test_every_way_that_a_network_fails_is_a_sentence(fetch, error, words):
    refused(fetch, words, opener=failing(error))


def test_an_untrusted_server_is_a_sentence(fetch):
    error = ssl.SSLCertVerificationError(1, "certificate has expired")
    error.verify_message = "certificate has expired"
    refused(
        fetch,
        r"could not prove who it is \(certificate has expired\)",
        opener=failing(URLError(error)),
    )


def test_without_a_network_the_answer_comes_at_once(fetch):
    asked = []

    def opener(request, timeout):
        asked.append(request.full_url)
        raise URLError(socket.gaierror(-3, "x"))

    refused(fetch, "was not found", opener=opener)
    assert len(asked) == 1


def test_the_next_mirror_is_asked_when_the_first_fails(tmp_path, monkeypatch, files):
    mirrors = ("https://first.invalid/", "https://second.invalid/")
    monkeypatch.setitem(FAMILIES, Tiny, Family("Tiny", "", mirrors, FAMILIES[Tiny].files))

    class Response(BytesIO):
        status = 200
        headers = Message()

    def opener(request, timeout):
        if "first" in request.full_url:
            raise HTTPError(request.full_url, 403, "Forbidden", Message(), BytesIO())
        return Response(files[request.full_url.rsplit("/")[-1]])

    download(Tiny(), tmp_path, opener=opener)
    assert leftovers(tmp_path) == sorted(files)


def test_a_full_disk_is_said_and_its_part_removed(fetch, tmp_path, monkeypatch):
    class Full:
        def __init__(self, path):
            self.file = path.open("wb")

        def __enter__(self):
            return self

        def __exit__(self, *error):
            self.file.close()

        def write(self, data):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(transfer, "_opened", lambda part, mode: Full(part))
    with pytest.raises(ProblemError, match="could not be written: the disk is full"):
        fetch()
    assert leftovers(tmp_path) == []


def test_too_little_space_is_said_before_anything_is_fetched(fetch, server, monkeypatch):
    class Usage:
        free = 10

    monkeypatch.setattr(module.shutil, "disk_usage", lambda path: Usage)
    with pytest.raises(ProblemError, match="but only 10 bytes are free on its disk"):
        fetch()
    assert server.requests == []


def test_a_read_only_folder_is_a_sentence(fetch, tmp_path, monkeypatch):
    def refuse(*arguments, **options):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(type(tmp_path), "mkdir", refuse)
    with pytest.raises(ProblemError, match=r"may not be written to\. Give yourself the right"):
        fetch()


@pytest.mark.parametrize("mirror", ["", "ftp://host/", "file:///tmp/", "mirror", "https://"])
def test_a_mirror_that_is_no_web_address_is_refused(tmp_path, mirror):
    with pytest.raises(ProblemError, match="is no web address"):
        download(Tiny(), tmp_path, mirror=mirror)


def test_the_bundled_digits_need_no_download(tmp_path):
    download(BundledDigits(), tmp_path, opener=failing(AssertionError))
    assert offer(BundledDigits()) is None


@pytest.mark.parametrize(
    ("source", "host", "size"),
    [
        (Mnist(), "ossci-datasets.s3.amazonaws.com", 11_594_722),
        (FashionMnist(), "raw.githubusercontent.com", 30_878_645),
        (Kmnist(), "codh.rois.ac.jp", 21_240_888),
    ],
)
def test_an_offer_names_host_and_size(source, host, size):
    made = offer(source)
    assert (made.host, made.size_bytes, len(made.files)) == (host, size, 4)


@pytest.fixture
def at_hand(tmp_path, files):
    """The four files in a folder of the person's own."""

    def write(place="mine", packed=True):
        folder = tmp_path / place
        folder.mkdir(parents=True)
        for name, data in files.items():
            path = folder / (name if packed else name.removesuffix(".gz"))
            path.write_bytes(data if packed else gzip.decompress(data))
        return folder

    return write


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("place", ["mine", "mine/raw", "mine/Tiny", "mine/Tiny/raw"])
def test_files_at_hand_are_copied_where_they_belong(at_hand, tmp_path, place, packed):
    files = at_hand(place, packed)
    adopt(Tiny(), tmp_path / "mine", tmp_path / "data")
    target = tmp_path / "data" / "Tiny" / "raw"
    assert {p.name: p.read_bytes() for p in target.iterdir()} == {
        p.name: p.read_bytes() for p in files.iterdir()
    }


def test_one_of_the_files_stands_for_its_folder(at_hand, tmp_path):
    chosen = at_hand() / "t10k-labels-idx1-ubyte.gz"
    adopt(Tiny(), chosen, tmp_path / "data")
    assert len(list((tmp_path / "data" / "Tiny" / "raw").iterdir())) == 4


def test_files_that_are_already_in_place_stay_there(at_hand, tmp_path):
    at_hand("data/Tiny/raw")
    adopt(Tiny(), tmp_path / "data", tmp_path / "data")
    assert len(list((tmp_path / "data" / "Tiny" / "raw").iterdir())) == 4


def test_missing_files_are_named(at_hand, tmp_path):
    folder = at_hand()
    (folder / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(ProblemError, match="does not hold t10k-labels-idx1-ubyte of Tiny"):
        adopt(Tiny(), folder, tmp_path / "data")


def test_one_damaged_file_and_nothing_is_copied(at_hand, tmp_path):
    folder = at_hand()
    (folder / "t10k-labels-idx1-ubyte.gz").write_bytes(b"damaged")
    with pytest.raises(ProblemError, match="not an IDX file"):
        adopt(Tiny(), folder, tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_cancelling_an_adoption_leaves_no_part(at_hand, tmp_path):
    def cancel(done, total):
        if done == 5:
            raise Cancelled

    with pytest.raises(Cancelled):
        adopt(Tiny(), at_hand(), tmp_path / "data", cancel)
    assert not list((tmp_path / "data").rglob("*.part"))


def test_a_copy_that_fails_leaves_no_part(at_hand, tmp_path, monkeypatch):
    def fill(source, target):
        target.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module.shutil, "copyfile", fill)
    with pytest.raises(ProblemError, match="the disk is full"):
        adopt(Tiny(), at_hand(), tmp_path / "data")
    assert not list((tmp_path / "data").rglob("*.part"))


def test_adopting_the_bundled_digits_does_nothing(tmp_path):
    adopt(BundledDigits(), tmp_path / "nowhere", tmp_path / "data")
    assert not (tmp_path / "data").exists()
