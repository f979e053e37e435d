"""A small site on loopback, with pages that try what a hostile page would."""

import http.server
import threading
from types import TracebackType
from typing import Self

PAGES = {
    "/": "<title>home</title><a id=in href=/second>in</a><a id=out href=http://127.0.0.1:9/x>out</a>"
    "<a id=blank target=_blank href=/second>blank</a>",
    "/wide": "<title>wide</title><a href=http://127.0.0.1:9/wide style=position:fixed;inset:0>all of it</a>",
    "/second": "<title>second</title>",
    "/file": "<title>file</title><script>fetch('file:///etc/hostname').then(r=>r.text())"
    ".then(t=>document.title='read '+t,()=>document.title='refused')</script>",
    "/frame": "<title>frame</title><iframe src='file:///etc/hostname'></iframe>",
    "/open": "<title>open</title><script>setTimeout(()=>{open('http://127.0.0.1:9/ad');"
    "document.title='tried'},0)</script>",
    "/away": "<title>away</title><script>setTimeout(()=>{location='http://127.0.0.1:9/away'},0)</script>",
    "/alert": "<title>alert</title><script>alert('hello');document.title='after '+confirm('sure?')"
    "+' '+prompt('name?')</script>",
    "/geo": "<title>geo</title><script>navigator.geolocation.getCurrentPosition(()=>document.title='found',"
    "()=>document.title='refused')</script>",
    "/scheme": "<title>scheme</title><script>setTimeout(()=>{location='ssh://host/'},0)</script>",
    "/console": "<title>console</title><script>console.log('one');console.warn('two');console.error('three',3);"
    "console.log('x'.repeat(1e6));setTimeout(()=>{document.title='thrown';throw new Error('boom')},0)</script>",
    "/flood": "<title>flood</title><script>for(let n=0;n<100000;n++)console.error('line '+n);"
    "setTimeout(()=>{document.title='over'},0)</script>",
    "/bridge": "<title>bridge</title><script>document.title=String(typeof qt)</script>",
}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/download":
            self.send_response(200)
            self.send_header("Content-Disposition", "attachment; filename=x.bin")
            self.end_headers()
            self.wfile.write(b"x" * 10)
            return
        page = PAGES.get(self.path.partition("?")[0])
        self.send_response(200 if page else 404)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write((page or "<title>none</title>").encode())

    def log_message(self, *_: object) -> None:
        pass


class Site:
    def __enter__(self) -> Self:
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.base = f"http://shop.localhost:{self._server.server_port}/"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
