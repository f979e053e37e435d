import { cookies } from "next/headers";
import { Counter } from "./counter";
import { greet } from "./actions";

export default async function Page() {
  const name = (await cookies()).get("name")?.value;

  return (
    <main>
      <p className="badge">It runs</p>
      <h1>{name ? `Hello, ${name}.` : "Hello, world."}</h1>
      <p className="lead">
        Open <code>app/page.tsx</code> in your editor, change these words, save, and watch this page.
      </p>

      <section className="cards">
        <article>
          <h2>In your browser</h2>
          <p>A client component: it counts here and keeps its number while you edit.</p>
          <Counter />
        </article>
        <article>
          <h2>On the server</h2>
          <p>A Server Action: it runs where the project runs and remembers your name.</p>
          <form action={greet}>
            <label htmlFor="name">Your name</label>
            <input id="name" name="name" defaultValue={name} maxLength={40} autoComplete="off" />
            <button>Greet me</button>
          </form>
        </article>
      </section>
    </main>
  );
}
