"""What raters are asked, in the paper's words (section 5.2)."""
SUBJECT = {
    "attenuate": "The images were edited to make certain objects and regions less distracting.",
    "amplify": "The images were edited to make certain objects and regions pop-out (more attention-capturing, or salient).",
}
EFFECTIVE = {
    "attenuate": "An image edit is effective if the masked objects/regions have indeed become less distracting.",
    "amplify": "An image edit is effective if the masked objects/regions have indeed become more attention-capturing.",
}
REALISTIC = "An image edit is realistic if the photo does not look edited."
