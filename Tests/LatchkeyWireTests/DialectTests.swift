// DialectTests.swift
