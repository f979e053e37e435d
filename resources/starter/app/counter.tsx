"use client";

import { useState } from "react";

export function Counter() {
  const [count, setCount] = useState(0);

  return (
    <button type="button" className="counter" onClick={() => setCount(count + 1)}>
      Clicked <strong>{count}</strong> {count === 1 ? "time" : "times"}
    </button>
  );
}
