"""A small site on loopback, with pages that try what a hostile page would."""

import contextlib
import http.server
import threading
from types import TracebackType
from typing import Self

PAGES = {
    "/": "<title>home</title><a id=in href=/second>in</a><a id=out href=http://127.0.0.1:9/x>out</a>"
    "<a id=blank target=_blank href=/second style='position:fixed;inset:0'>blank</a><a id=file href=/download>file</a>",
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
    "/notify": "<title>notify</title><script>Notification.requestPermission().then(told=>{document.title=told;"
    "if(told=='granted')new Notification('Kiln\\n'+'x'.repeat(500),{body:'fired'})})</script>",
    "/size": "<title>size</title><meta name=viewport content='width=device-width'><style>body{margin:0;height:3000px;"
    "background:linear-gradient(#f00 1500px,#00f 1500px)}@media(max-width:500px){i{color:red}}</style><i>x</i><script>"
    "const tell=()=>document.title=[innerWidth,innerHeight,matchMedia('(max-width:500px)').matches].join(' ');"
    "tell();onresize=tell</script>",
    "/hang": "<title>hang</title><script>setTimeout(()=>{document.title='hanging';"
    "setTimeout(()=>{while(true){}},100)},0)</script>",
    "/busy": "<title>busy</title><script>function go(){const end=Date.now()+4000;while(Date.now()<end){}"
    "document.title='rested'}</script>",
    # Floods and traps.
    "/windows": "<title>windows</title><script>let n=0;for(let i=0;i<500;i++)if(open('/second?'+i))n++;"
    "for(let i=0;i<50;i++)open('http://127.0.0.1:9/'+i);document.title='opened '+n</script>",
    "/downloads": "<title>downloads</title><script>for(let i=0;i<200;i++){const a=document.createElement('a');"
    "a.href=URL.createObjectURL(new Blob(['x'.repeat(1000)]));a.download='../../.bash'+i+'\\u202egpj.sh';a.click()}"
    "document.title='offered'</script>",
    "/trap": "<title>trap</title><script>onbeforeunload=e=>{e.preventDefault();e.returnValue='stay'};"
    "setInterval(()=>{},1)</script>",
    "/history": "<title>history</title><script>for(let i=0;i<5000;i++)try{history.pushState(0,'','#'+'x'.repeat(50)+i)}"
    "catch(e){}document.title='filled'</script>",
    "/words": "<title>words</title><script>alert('W'.repeat(2000000)+'\\u202e');"
    "for(let i=0;i<2000;i++)alert('a'+i);document.title='told'</script>",
    "/full": "<title>full</title><script>function go(){document.documentElement.requestFullscreen().then("
    "()=>document.title='full screen',()=>document.title='refused')}</script>",
    "/pointer": "<title>pointer</title><script>document.onpointerlockerror=()=>document.title='refused';"
    "document.onpointerlockchange=()=>document.title='locked';"
    "function go(){const p=document.documentElement.requestPointerLock();if(p)p.catch(()=>document.title='refused')}"
    "</script>",
    "/empty": "<div id=root></div><script>document.title='empty'</script>",
    "/taken": "<div id=root>Kiln</div><script src='/@vite/client'></script><script>"
    "document.getElementById('root')['__reactContainer$x1']={};document.title='taken'</script>",
    "/untaken": "<script>self.__next_f=[]</script><main>Kiln &amp; Clay</main>"
    "<script>document.title='untaken'</script>",
    "/liar": "<p>Kiln</p><script>Array.prototype.join=()=>'yes 9 9 9'.repeat(1e5);"
    "Object.keys=()=>{throw 1};document.title='liar'</script>",
    "/keys": "<title>keys</title><textarea autofocus></textarea><script>"
    "for(const kind of ['keydown','keyup','keypress'])addEventListener("
    "kind,e=>{e.preventDefault();e.stopImmediatePropagation()},true)</script>",
    "/asks": "<title>asks</title><script>for(let i=0;i<300;i++){"
    "navigator.geolocation.getCurrentPosition(()=>{},()=>{});Notification.requestPermission()}document.title='asked'</script>",
    "/escape": "<title>escape</title><script>const told=[];const see=n=>told.push(n);"
    "for(const url of ['file:///etc/passwd','qrc:/','chrome://settings','view-source:file:///etc/passwd',"
    "'devtools://devtools/bundled/inspector.html'])try{const w=open(url);see(String(!!w))}catch(e){see('error')}"
    "document.title=told.join(' ')</script>",
    "/location": "<title>location</title><script>let i=0;const urls=['file:///etc/passwd','chrome://gpu','qrc:/x',"
    "'javascript:1','data:text/html,<title>data</title>','blob:null/x'];"
    "const next=()=>{if(i<urls.length){location=urls[i++];setTimeout(next,100)}else document.title='stayed'};next()"
    "</script>",
    "/eat": "<title>eat</title><script>const kept=[];function eat(mb){for(let i=0;i<mb;i++){"
    "const part=new Uint8Array(1e6);part.fill(i+1);kept.push(part)}document.title='ate '+kept.length}eat(30)</script>",
}


class Handler(http.server.BaseHTTPRequestHandler):
    server: "_Server"

    def do_GET(self) -> None:
        self.server.hits.append(self.path)
        path = self.path.partition("?")[0]
        if path == "/download":
            self.send_response(200)
            self.send_header("Content-Disposition", 'attachment; filename="..%2f.x.bin"')
            self.send_header("Content-Length", "10")
            self.end_headers()
            self.wfile.write(b"x" * 10)
            return
        if path in ("/slow", "/silent"):  # a file that does not come to its end; one asked for again that never begins
            if path == "/silent" and self.server.hits.count(self.path) > 1:
                self.server.let_go.wait(30)
            self.send_response(200)
            self.send_header("Content-Disposition", "attachment; filename=slow.bin")
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            with contextlib.suppress(OSError):  # whoever asked went away
                self.wfile.write(b"x" * 100_000)
                self.server.let_go.wait(30)
            return
        if path == "/sign-in":
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="x"')
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<title>stay out</title>")
            return
        page = PAGES.get(path)
        self.send_response(200 if page else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write((page or "<title>none</title>").encode())

    def log_message(self, *_: object) -> None:
        pass


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.hits: list[str] = []
        self.let_go = threading.Event()


class Site:
    def __enter__(self) -> Self:
        self._server = _Server()
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.base = f"http://shop.localhost:{self._server.server_port}/"
        return self

    @property
    def hits(self) -> list[str]:
        """The paths that were asked for, in order."""
        return [path for path in self._server.hits if not path.startswith("/favicon")]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.let_go.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
