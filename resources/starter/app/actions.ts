"use server";

import { cookies } from "next/headers";
import { redirect } from "next/navigation";

export async function greet(form: FormData) {
  const name = String(form.get("name") ?? "").trim().slice(0, 40);
  const jar = await cookies();
  if (name) jar.set("name", name);
  else jar.delete("name");
  redirect("/");
}
