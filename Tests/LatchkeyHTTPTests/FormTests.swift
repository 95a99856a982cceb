// FormTests.swift: forms.
