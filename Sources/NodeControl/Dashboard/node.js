// The control API: requests, and the stream of events.

const key = "privatetorrent-token";

/// The token comes behind the # of the address, which a browser sends to nobody, and is taken out of it at once.
export function takeToken() {
  const found = new URLSearchParams(location.hash.slice(1)).get("token");
  if (found) {
    sessionStorage.setItem(key, found);
    history.replaceState(null, "", location.pathname);
  }
  return sessionStorage.getItem(key) !== null;
}

export const setToken = (token) => sessionStorage.setItem(key, token);
export const dropToken = () => sessionStorage.removeItem(key);

const headers = (more = {}) => ({ authorization: `Bearer ${sessionStorage.getItem(key)}`, ...more });

/// Why a request was not done: a problem document, or that nobody answered (status 0).
export class Refusal extends Error {
  constructor(problem) {
    super(problem.remedy ? `${problem.detail} – ${problem.remedy}` : problem.detail);
    this.status = problem.status;
    this.code = problem.code;
  }
}

export async function ask(method, path, body) {
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers: headers(body === undefined ? {} : { "content-type": "application/json" }),
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: method === "GET" ? AbortSignal.timeout(15000) : undefined,
      cache: "no-store",
    });
    if (answer.ok) return answer.status === 204 ? null : await answer.json();
  } catch {
    throw new Refusal({ status: 0, code: "away", detail: "the node does not answer" });
  }
  let problem;
  try {
    problem = await answer.json();
  } catch {
    problem = { code: "unknown", detail: `the node answered ${answer.status}` };
  }
  throw new Refusal({ ...problem, status: answer.status });
}

const silence = 45000;

/// Follows the events of the node until the token is refused: `on.event(type, data)`, `on.open(isResumed)`,
/// `on.away()` before each new try, `on.refused()`. EventSource could not send the token.
export async function follow(on) {
  let last = null;
  let wait = 1;
  for (;;) {
    const cut = new AbortController();
    let timer = setTimeout(() => cut.abort(), silence);
    try {
      const answer = await fetch("/v1/events", {
        headers: headers(last === null ? {} : { "last-event-id": last }),
        signal: cut.signal,
        cache: "no-store",
      });
      if (answer.status === 401) return on.refused();
      if (!answer.ok) throw new Error(`${answer.status}`);
      on.open(last !== null);
      wait = 1;
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        clearTimeout(timer);
        timer = setTimeout(() => cut.abort(), silence);
        const parts = (rest + value).split("\n\n");
        rest = parts.pop();
        for (const part of parts) last = handle(part, on) ?? last;
      }
    } catch {
      // Away, or silent for too long: tried again below.
    } finally {
      clearTimeout(timer);
    }
    on.away();
    await new Promise((done) => setTimeout(done, wait * 1000));
    wait = Math.min(wait * 2, 10);
  }
}

/// One event of the stream: its ID, where it has one.
function handle(text, on) {
  let id = null;
  let data = "";
  for (const line of text.split("\n")) {
    if (line.startsWith("id: ")) id = line.slice(4);
    if (line.startsWith("data: ")) data += line.slice(6);
  }
  if (data) {
    const event = JSON.parse(data);
    on.event(event.type, event);
  }
  return id;
}
