// PolicyTests.swift
