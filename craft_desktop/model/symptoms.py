"""The usual causes of a blank, slow or failed preview, and the words by which a log tells them. Pure.

The words are those that npm, pnpm, Node.js, Next.js, Vite and their plug-ins print; which causes are usual was read off
their issue trackers. Every pattern is linear in a line's length, and a line is cut before: a log is hostile.
"""

import re
from dataclasses import dataclass

from craft_desktop.model.errors import Action
from craft_desktop.model.report import Grade


@dataclass(frozen=True, slots=True)
class Symptom:
    """One cause and the words that tell it.

    `told` is the cause as a sentence. `heals` says that a later page or compile without the
    words takes it back: an edit mends it while the server runs on.
    """

    id: str
    name: str
    patterns: tuple[re.Pattern[str], ...]
    told: str
    remedy: str
    grade: Grade = Grade.BAD
    action: Action = Action.NONE
    heals: bool = False


def _any(*patterns: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern) for pattern in patterns)


_NATIVE = r"(?:@rollup/rollup-|@next/swc-|@esbuild/|lightningcss[.-]|@tailwindcss/oxide-|@img/sharp-|@parcel/watcher-)"

SYMPTOMS: tuple[Symptom, ...] = (
    Symptom(
        "command",
        "Commands of the dev script",
        _any(r"(?:^|: )(?:\d+: )?[\w.@/-]{1,60}: (?:command )?not found\b", r"Command \"[^\"]{1,60}\" not found"),
        "A command that the dev script names is not there.",
        "Install the dependencies again; if it stays, add the package that brings it to package.json.",
        action=Action.REINSTALL,
    ),
    Symptom(
        "native",
        "Parts made for this system",
        _any(rf"Cannot find (?:native binding|module '?{_NATIVE}[\w.-]{{1,60}})", r"optional dependencies \(http",
             r"installed esbuild for another platform",
             r"invalid ELF header",
             r"Could not load the \"sharp\" module"),
        "A package’s part for Linux is missing: the lock file was made on another system.",
        "Install the dependencies again. If it stays, delete package-lock.json and start again.",
        action=Action.REINSTALL,
    ),
    Symptom(
        "modules",
        "Modules that are imported",
        _any(r"Cannot find (?:module|package) '[^']{1,200}'", r"Module not found: Can't resolve '[^']{1,200}'",
             r"Failed to resolve import \"[^\"]{1,200}\"", r"Could not resolve \"[^\"]{1,200}\"",
             r"Rollup failed to resolve import \"[^\"]{1,200}\""),
        "A module that is imported cannot be found.",
        "Add a package to package.json, or install again. Check the spelling of a file’s name, capitals too.",
        action=Action.REINSTALL,
        heals=True,
    ),
    Symptom(
        "builds",
        "Install scripts",
        _any(r"Ignored build scripts: [^.]{1,200}", r"ERR_PNPM_IGNORED_BUILDS"),
        "pnpm did not run the install scripts of some packages.",
        "Allow those that you trust in pnpm-workspace.yaml (onlyBuiltDependencies; allowBuilds from pnpm 11 on), then "
        "install again.",
        grade=Grade.LIMITED,
        action=Action.REINSTALL,
    ),
    Symptom(
        "peers",
        "Versions that fit together",
        _any(r"\bERESOLVE\b", r"ERR_PNPM_PEER_DEP_ISSUES", r"(?:Conflicting|Could not resolve) peer dep"),
        "Packages ask for versions of each other that cannot be had together.",
        "Bring their versions in package.json together; the Install log names them.",
    ),
    Symptom(
        "lockfile",
        "Lock file",
        _any(r"ERR_PNPM_OUTDATED_LOCKFILE",
             r"can only install packages when your package\.json and",
             r"ERR_PNPM_LOCKFILE",
             r"The lockfile would have been modified by this install"),
        "The lock file does not fit package.json.",
        "Install once outside so that it is written anew, save it, and start again.",
    ),
    Symptom(
        "registry",
        "Package registry",
        _any(r"npm (?:error|ERR!) code (?:E401|E403|E404|ENOTFOUND|ETIMEDOUT|ECONNRESET|ECONNREFUSED|EAI_AGAIN)",
             r"ERR_PNPM_(?:FETCH_\d{3}|META_FETCH_FAIL|NO_MATCHING_VERSION)",
             r"(?:code|error) (?:ETARGET|EINTEGRITY)\b"),
        "The registry did not give a package.",
        "Check the package’s name and version, and the network. A private package needs its token in .npmrc or as a "
        "variable.",
        action=Action.OPEN_ENVIRONMENT,
    ),
    Symptom(
        "memory-log",
        "Memory of Node.js",
        _any(r"JavaScript heap out of memory", r"Reached heap limit", r"exit code 137", r"\bENOMEM\b", r"^Killed\b"),
        "Node.js ran out of memory.",
        "Set NODE_OPTIONS=--max-old-space-size=4096 as an environment variable, or close other previews.",
        action=Action.OPEN_ENVIRONMENT,
    ),
    Symptom(
        "disk-log",
        "Writing to the disk",
        _any(r"\bENOSPC: no space left", r"No space left on device", r"\bEDQUOT\b"),
        "The disk is full.",
        "Make room on the disk; a clean restart frees what the framework’s cache takes.",
        action=Action.RESTART_CLEAN,
    ),
    Symptom(
        "watching",
        "Watching files",
        _any(r"ENOSPC: System limit for number of file watchers", r"\bEMFILE\b", r"too many open files",
             r"inotify_add_watch.{0,80}No space"),
        "The system lets no more files be watched, so that edits do not show.",
        "Raise fs.inotify.max_user_watches on this computer, or close other previews; then restart.",
        grade=Grade.LIMITED,
        action=Action.RESTART,
    ),
    Symptom(
        "taken",
        "Port in use",
        _any(r"EADDRINUSE.{0,60}?:\d{2,5}", r"[Pp]ort \d{2,5} is (?:already )?(?:in use|taken|busy|occupied)"),
        "A port is taken by another process of the sandbox.",
        "Restart: that ends what is left of an earlier run. A script that starts two servers needs two ports.",
        grade=Grade.LIMITED,
        action=Action.RESTART,
    ),
    Symptom(
        "lock-log",
        "One dev server only",
        _any(r"Unable to acquire lock at [^\s,]{1,200}", r"Another next dev server is already running"),
        "Next.js says that another dev server of this project runs.",
        "Restart clean: it ends what is left, deletes .next with its lock, and starts anew.",
        action=Action.RESTART_CLEAN,
    ),
    Symptom(
        "origin",
        "Blocked origin",
        _any(r"Blocked cross-origin request.{0,160}?from \"?[\w.:*-]{1,120}", r"Blocked cross-origin request",
             r"Blocked request\. This host \(\"?[^\")]{1,120}"),
        "The dev server refuses the page’s own requests; hot reload and scripts fail.",
        "Allow “*.localhost”: allowedDevOrigins in next.config, server.allowedHosts in vite.config. Then restart.",
        action=Action.RESTART,
    ),
    Symptom(
        "config",
        "Configuration files",
        _any(r"(?:Failed to load|[Ff]ailed to load config from|Error loading) .{0,120}?\w+\.config\.\w+",
             r"Invalid next\.config\.\w+ options", r"(?:Error: |⨯ )?Unrecognized key\(s\) in object",
             r"Configuring Next\.js via '[^']{1,40}'", r"error (?:TS5\d{3}|TS18\d{3}):",
             r"(?:failed to (?:parse|resolve)|Failed to parse).{0,80}?tsconfig[\w.-]*\.json"),
        "A configuration file is refused.",
        "Correct that file and save; then restart.",
        action=Action.RESTART,
        heals=True,
    ),
    Symptom(
        "styles",
        "Style sheets",
        _any(r"trying to use `?tailwindcss`? directly as a PostCSS plugin", r"Cannot apply unknown utility class",
             r"(?:Loading|Failed to load) PostCSS (?:Plugin|config)"),
        "PostCSS or Tailwind CSS is not set up as its version wants.",
        "From Tailwind CSS 4 on, the plug-in is @tailwindcss/postcss: install it and name it in postcss.config.",
        action=Action.REINSTALL,
        heals=True,
    ),
    Symptom(
        "format",
        "Module format",
        _any(r"ERR_REQUIRE_ESM", r"require\(\) of ES Module", r"Cannot use import statement outside a module",
             r"(?:module|exports|require) is not defined in ES module scope"),
        "A file is written as one kind of module and loaded as another.",
        "Name it .mjs or .cjs, or set “type” in package.json to what the files are.",
        heals=True,
    ),
    Symptom(
        "openssl",
        "Cryptography of Node.js",
        _any(r"ERR_OSSL_EVP_UNSUPPORTED", r"error:0308010C"),
        "An old webpack asks for a digest that Node.js 17 and newer refuse.",
        "Update the framework; or set NODE_OPTIONS=--openssl-legacy-provider as an environment variable.",
        action=Action.OPEN_ENVIRONMENT,
    ),
    Symptom(
        "node-log",
        "What Node.js refuses",
        _any(r"You are using Node\.js [\d.]{1,20}\. For Next\.js", r"Node\.js version \"?[^\"]{1,40}?\"? is required",
             r"EBADENGINE", r"Unsupported engine", r"crypto\.(?:hash|getRandomValues) is not a function",
             r"Vite requires Node\.js version [^.]{1,40}"),
        "A package does not run with the sandbox’s Node.js.",
        "Name the version that the project wants in .nvmrc and restart, or run it on E2B with a template that has it.",
        action=Action.OPEN_SETTINGS,
    ),
    Symptom(
        "validation",
        "Checks of the environment",
        _any(r"Invalid environment variables",
             r"Missing (?:required )?env(?:ironment)? var\w*:? ?(?:[A-Z][A-Z0-9_]{1,60})?",
             r"\[auth\]\[error\] MissingSecret", r"Environment variable not found: [A-Z][A-Z0-9_]{1,60}",
             r"[A-Z][A-Z0-9_]{2,60} (?:is not set|is required|environment variable is missing|must be set)",
             r"supabase(?:Url|Key) is required", r"(?:Missing|No) (?:publishableKey|API key|apiKey)"),
        "The project refuses to run without a variable.",
        "Set it under Environment variables; the dev server is started anew by that.",
        action=Action.OPEN_ENVIRONMENT,
        heals=True,
    ),
    Symptom(
        "services",
        "Other services",
        _any(r"ECONNREFUSED (?:127\.0\.0\.1|::1|localhost):(?:5432|3306|27017|6379|1433|9200|5984)",
             r"Can't reach database server at `?[\w.:-]{1,100}",
             r"MongooseServerSelectionError", r"getaddrinfo (?:ENOTFOUND|EAI_AGAIN) [\w.-]{1,100}"),
        "The project asks for a service that the sandbox cannot reach.",
        "A database on this computer is not in the sandbox. Give the address of one that is reachable, as a variable.",
        action=Action.OPEN_ENVIRONMENT,
        heals=True,
    ),
    Symptom(
        "prisma",
        "Prisma’s client",
        _any(r"@prisma/client did not initialize yet", r"Prisma Client could not locate the Query Engine",
             r"Cannot find module '\.prisma/client"),
        "Prisma’s client was not generated for this sandbox.",
        "Put “prisma generate” before the server in the dev script, or into “postinstall”; then install again.",
        action=Action.REINSTALL,
    ),
    Symptom(
        "cache",
        "The framework’s cache",
        _any(r"ENOENT.{0,120}\.next/(?:server|static|cache|dev)/", r"Cannot find module '\./\d{1,5}\.js'",
             r"Outdated (?:Optimize Dep|optimized dependency)",
             r"(?:__webpack_modules__\[moduleId\]|webpack_require)\S* is not a function",
             r"Persisting failed: Another write batch",
             r"TurbopackInternalError",
             r"invalid build cache|Restoring pack .{0,60}failed"),
        "The framework’s cache does not fit the project any more.",
        "Restart clean: .next and the cache are deleted and made anew.",
        action=Action.RESTART_CLEAN,
        heals=True,
    ),
    Symptom(
        "fonts",
        "Fonts from the network",
        _any(r"Failed to (?:fetch|download) [`'\"]?[\w ]{1,40}[`'\"]? from Google Fonts",
             r"Failed to fetch font `?[\w ]{1,40}"),
        "A font could not be fetched; a substitute is shown, and every compile waits for it.",
        "Check the network, or use next/font/local with a file of the project.",
        grade=Grade.LIMITED,
        heals=True,
    ),
    Symptom(
        "crash",
        "What the server throws",
        _any(r"\b(?:Unhandled (?:Runtime )?Error|unhandledRejection|uncaughtException|UnhandledPromiseRejection)\b",
             r"^\s*⨯ (?!\./)\[?\w{0,40}Error\b",
             r"^(?:Uncaught )?\w{0,40}Error: "),
        "The server threw an error.",
        "Correct what it says; the Dev server log has the whole of it.",
        grade=Grade.LIMITED,
        heals=True,
    ),
)  # fmt: skip
