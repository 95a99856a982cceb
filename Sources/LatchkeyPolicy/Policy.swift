// Policy.swift: an IAM policy document.
