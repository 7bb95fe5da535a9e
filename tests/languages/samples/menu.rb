# frozen_string_literal: true

require "date"
require_relative "kitchen"

# What is cooked in a week.
module Canteen
  DAYS = %w[Monday Tuesday Wednesday Thursday Friday].freeze

  Dish = Struct.new(:name, :tags, keyword_init: true) do
    def vegan? = tags.include?(:vegan)
  end

  class Menu
    include Enumerable
    attr_reader :dishes

    class << self
      def from_lines(lines)
        dishes = lines.map do |line|
          name, *tags = line.split(",").map(&:strip)
          Dish.new(name: name, tags: tags.map(&:to_sym))
        end
        new(dishes)
      end
    end

    def initialize(dishes)
      @dishes = dishes
      raise ArgumentError, "a week has five dishes" unless dishes.size == DAYS.size
    end

    def each(&block)
      return to_enum(:each) unless block

      DAYS.zip(dishes).each { |day, dish| block.call(day, dish) }
    end

    def vegan_days
      select { |_, dish| dish.vegan? }.map(&:first)
    end

    def to_s
      lines = map { |day, dish| format("%-10s %s", day, dish.name) }
      <<~TEXT
        Menu
        #{lines.join("\n")}
      TEXT
    end

    def self.today
      DAYS[Date.today.wday - 1]
    rescue NoMethodError
      nil
    end

    private

    def free?(dish) = !dish.tags.include?(:nuts)
  end
end

def announce(menu, io: $stdout)
  menu.each do |day, dish|
    next if day == Canteen::Menu.today

    io.puts "#{day}: #{dish.name}"
  end
end

announce(Canteen::Menu.from_lines(DATA.readlines)) if $PROGRAM_NAME == __FILE__
__END__
Soup, vegan
