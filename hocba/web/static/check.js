// Dropping a file and reading the verdict without a new page. Everything works without this file.
"use strict";

(() => {
  const form = document.getElementById("check");
  const input = document.getElementById("file");
  const busy = document.getElementById("busy");
  const button = form.querySelector("button");

  const say = (text) => {
    busy.textContent = text;
  };

  // The answer is a whole page, with or without a verdict; its part about the result is taken over.
  const show = (html) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    const result = page.getElementById("result") || page.getElementById("main");
    const place = document.getElementById("result");
    place.replaceChildren(...result.childNodes);
    const verdict = document.getElementById("verdict");
    if (verdict) {
      verdict.focus({ preventScroll: true });
      verdict.closest("section").scrollIntoView({ block: "start" });
    }
  };

  const check = async (file) => {
    const body = new FormData();
    body.append("file", file, file.name);
    say(form.dataset.busy);
    button.disabled = true;
    document.getElementById("result").replaceChildren();
    try {
      const response = await fetch(form.action, { method: "POST", body, headers: { Accept: "text/html" } });
      show(await response.text());
      say("");
    } catch {
      say(form.dataset.broken);
    } finally {
      button.disabled = false;
    }
  };

  form.addEventListener("submit", (event) => {
    if (input.files.length) {
      event.preventDefault();
      check(input.files[0]);
    }
  });

  // A file dropped beside the form would replace the page: the whole page takes it.
  let depth = 0;
  const mark = (change) => {
    depth += change;
    form.classList.toggle("over", depth > 0);
  };
  document.addEventListener("dragenter", () => mark(1));
  document.addEventListener("dragleave", () => mark(-1));
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    depth = 0;
    mark(0);
    const [file] = event.dataTransfer.files;
    if (file) {
      check(file);
    }
  });
})();
