// A new question starts at its top, not where the last one was left.
document.querySelector("[data-testid=stMain]")?.scrollTo(0, 0);

// Streamlit's shortcuts rest while a form field has the focus, and a tick box is one. A box
// ticked with the pointer gives the focus back; one ticked with the keyboard keeps it.
if (!window.headroomKeys) {
  window.headroomKeys = true;
  document.addEventListener("pointerup", () => {
    setTimeout(() => {
      const field = document.activeElement;
      if (field?.matches("input[type=checkbox], input[type=radio]")) field.blur();
    }, 50); // after the click that follows has moved the focus
  });
}
